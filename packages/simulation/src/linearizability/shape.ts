// Type guards for what is read from text: one table per union, complete by its type.

export type Check = (value: unknown) => boolean

type Fields<Variant> = Readonly<Record<Exclude<keyof Variant, 'type'>, Check>>
type Variants<Union extends { readonly type: string }> = {
  readonly [Type in Union['type']]: Fields<Extract<Union, { readonly type: Type }>>
}

/** The guard of a discriminated union, from the checks of each variant's fields. */
export function isVariantOf<Union extends { readonly type: string }>(
  variants: Variants<Union>,
): (value: unknown) => value is Union {
  const fieldsByType = new Map<unknown, Readonly<Record<string, Check>>>(Object.entries(variants))
  return (value): value is Union => {
    if (!isRecord(value)) return false
    const fields = fieldsByType.get(value['type'])
    if (fields === undefined) return false
    return Object.entries(fields).every(([name, check]) => check(value[name]))
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

export function isString(value: unknown): value is string {
  return typeof value === 'string'
}

export function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

export function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || Number.isFinite(value) || typeof value === 'boolean'
}

export function isScalarOrNull(value: unknown): value is string | number | boolean | null {
  return value === null || isScalar(value)
}
