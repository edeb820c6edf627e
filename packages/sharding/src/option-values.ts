// The checks that options share. Their values come from a user, who may have no types: they are looked at
// before anything trusts them.
import { nearestNames } from '@casty/membership'
import { ShardingError } from './errors.ts'

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function text(option: string, value: string, maxLength: number): string {
  if (typeof value === 'string' && value.length > 0 && utf8Length(value) <= maxLength) return value
  throw ShardingError.invalidOption(option, value, `a text of 1 to ${maxLength} bytes`)
}

export function utf8Length(value: string): number {
  return new TextEncoder().encode(value).length
}

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function whole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw ShardingError.invalidOption(option, value, `an integer from ${min} to ${max}`)
}

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function duration(option: string, value: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw ShardingError.invalidOption(option, value, 'a number of milliseconds above 0')
}

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function durationOrForever(option: string, value: number): number {
  if (typeof value === 'number' && value > 0) return value
  throw ShardingError.invalidOption(option, value, 'a number of milliseconds above 0, or Infinity')
}

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function share(option: string, value: number): number {
  if (typeof value === 'number' && value > 0 && value <= 1) return value
  throw ShardingError.invalidOption(option, value, 'a number above 0 and at most 1')
}

/**
 * Something handed in, such as a journal: an object that can do what it is needed for.
 *
 * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`
 */
export function capable<T>(option: string, value: T, methods: readonly string[], is: string): T {
  const owner: unknown = value
  const isObject = (typeof owner === 'object' && owner !== null) || typeof owner === 'function'
  // Every object may be read by name.
  const read = (name: string): unknown => (owner as Readonly<Record<string, unknown>>)[name]
  if (isObject && methods.every((name) => typeof read(name) === 'function')) return value
  throw ShardingError.invalidOption(option, value, `${is} with ${methods.join(', ')}`)
}

/**
 * Options in an object, none of them unknown: a name misspelt would otherwise be an option unheeded.
 *
 * @throws ShardingError `CASTY_SHARDING_INVALID_OPTION`, with the names that look most alike
 */
export function knownNames(option: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw ShardingError.invalidOption(option, value, 'an object of options')
  }
  for (const [name, given] of Object.entries(value)) {
    if (known.includes(name) || given === undefined) continue
    throw ShardingError.unknownOption(`${option}.${name}`, nearestNames(name, known))
  }
}
