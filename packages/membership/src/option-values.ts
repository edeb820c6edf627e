// The checks that options share. Their values come from a user, who may have no types: they are
// looked at before anything trusts them.
import { MembershipError } from './errors.ts'
import { nearestNames } from './nearest-names.ts'

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function text(option: string, value: string, maxLength: number): string {
  if (
    typeof value === 'string' &&
    value.length > 0 &&
    new TextEncoder().encode(value).length <= maxLength
  )
    return value
  throw MembershipError.invalidOption(option, value, `a text of 1 to ${maxLength} bytes`)
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function whole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw MembershipError.invalidOption(option, value, `an integer from ${min} to ${max}`)
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function duration(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw MembershipError.invalidOption(option, value, 'a number of milliseconds above 0')
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function durationOrForever(option: string, value: number): number {
  if (typeof value === 'number' && value > 0) return value
  throw MembershipError.invalidOption(
    option,
    value,
    'a number of milliseconds above 0, or Infinity',
  )
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function share(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0 && value <= 1) return value
  throw MembershipError.invalidOption(option, value, 'a number above 0 and at most 1')
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function flag(option: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw MembershipError.invalidOption(option, value, 'true or false')
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value
  throw MembershipError.invalidOption(option, value, `one of ${allowed.join(', ')}`)
}

/**
 * Something handed in, such as a clock: an object that can do what it is needed for.
 *
 * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION`
 */
export function capable<T>(option: string, value: T, methods: readonly string[], is: string): T {
  const owner: unknown = value
  const isObject = (typeof owner === 'object' && owner !== null) || typeof owner === 'function'
  // Every object may be read by name.
  const read = (name: string): unknown => (owner as Readonly<Record<string, unknown>>)[name]
  if (isObject && methods.every((name) => typeof read(name) === 'function')) return value
  throw MembershipError.invalidOption(option, value, `${is} with ${methods.join(', ')}`)
}

/**
 * Options in an object, none of them unknown: a name misspelt would otherwise be an option unheeded.
 *
 * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION`, with the names that look most alike
 */
export function knownNames(option: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw MembershipError.invalidOption(option, value, 'an object of options')
  }
  for (const [name, given] of Object.entries(value)) {
    if (known.includes(name) || given === undefined) continue
    const path = option === 'config' ? name : `${option}.${name}`
    throw MembershipError.unknownOption(path, nearestNames(name, known))
  }
}
