/** What may be undefined may be absent, and the rest is as it was. */
export type Defined<T> = {
  readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/**
 * Options without those that are undefined: set to undefined is left out, so that defaults count.
 *
 * @example ({ port: 80, ...defined({ port: undefined }) }) // => { port: 80 }
 */
export function defined<T extends object>(options: T): Defined<T> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  // Only entries that are undefined were left out.
  return Object.fromEntries(given) as Defined<T>
}
