// The checks that options share. Their values come from a user, who may have no types: they are looked at
// before anything trusts them.
import { nearestNames } from '@casty/membership'
import { ClusterSystemError } from './errors.ts'

/** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` */
export function whole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw ClusterSystemError.invalidOption(option, value, `an integer from ${min} to ${max}`)
}

/** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` */
export function duration(option: string, value: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw ClusterSystemError.invalidOption(option, value, 'a number of milliseconds above 0')
}

/** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` */
export function record(option: string, value: object): void {
  const given: unknown = value
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return
  throw ClusterSystemError.invalidOption(option, value, 'an object of options')
}

/**
 * Options in an object, none of them unknown: a name misspelt would otherwise be an option unheeded.
 *
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`, with the names that look most alike
 */
export function knownNames(of: string, value: object, known: readonly string[]): void {
  record(of, value)
  for (const [name, one] of Object.entries(value)) {
    if (known.includes(name) || one === undefined) continue
    throw ClusterSystemError.unknownOption(`${name} of ${of}`, nearestNames(name, known))
  }
}

/** What may be undefined may be absent, and the rest is as it was. */
type Defined<T> = {
  readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K]
} & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Without the keys that nothing was said of, so that defaults and code count. */
export function defined<T extends object>(values: T): Defined<T> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  // Only entries that are undefined were left out.
  return Object.fromEntries(given) as Defined<T>
}
