// The checks that options share. Their values come from a user, who may have no types: they are looked at before
// anything trusts them. What is allowed is said here, in the same words for every package; the error is the package's own.
import { nearestNames } from './nearest-names.ts'

/** Makes the errors of a package of what was found. */
export interface OptionErrors {
  /**
   * @param option - its name
   * @param value - what was given; it may hold a secret, see `describeValue`
   * @param allowed - what would have been right, as in 'an integer from 1 to 100'
   */
  readonly invalid: (option: string, value: unknown, allowed: string) => Error
  /**
   * @param of - whose options they are
   * @param name - the one that is not among them
   * @param nearest - the names that look most alike
   */
  readonly unknown: (of: string, name: string, nearest: readonly string[]) => Error
}

/** Each returns the value if it is allowed, and throws what {@link OptionErrors} made if it is not. */
export interface OptionChecks {
  /** @param maxBytes - of UTF-8, the least being 1 */
  readonly text: (option: string, value: string, maxBytes: number) => string
  readonly whole: (option: string, value: number, min: number, max: number) => number
  /** Milliseconds above 0. */
  readonly duration: (option: string, value: number) => number
  /** Milliseconds above 0, or Infinity. */
  readonly durationOrForever: (option: string, value: number) => number
  /** Above 0, and at most 1. */
  readonly share: (option: string, value: number) => number
  readonly flag: (option: string, value: boolean) => boolean
  readonly oneOf: <T extends string>(option: string, value: T, allowed: readonly T[]) => T
  /**
   * Something handed in, such as a clock: an object that can do what it is needed for.
   *
   * @param is - what that is, as in 'a clock'
   */
  readonly capable: <T>(option: string, value: T, methods: readonly string[], is: string) => T
  /** An object, and no list: of options. */
  readonly record: (option: string, value: object) => void
  /** A record of options, none of them unknown: a name misspelt would otherwise be an option unheeded. */
  readonly knownNames: (of: string, value: object, known: readonly string[]) => void
}

/**
 * The checks of a package, with its errors.
 *
 * @example
 * const checks = optionChecks({
 *   invalid: (option, value, allowed) => new RangeError(`${option} is ${describeValue(value)}; allowed is ${allowed}.`),
 *   unknown: (of, name) => new RangeError(`${of} has no option ${name}.`),
 * })
 * checks.whole('port', 70_000, 0, 65_535) // throws RangeError: port is 70000; allowed is an integer from 0 to 65535.
 */
export function optionChecks({ invalid, unknown }: OptionErrors): OptionChecks {
  function allow<T>(isAllowed: boolean, option: string, value: T, allowed: string): T {
    if (isAllowed) return value
    throw invalid(option, value, allowed)
  }
  function record(option: string, value: object): void {
    allow(isRecord(value), option, value, 'an object of options')
  }
  return {
    text: (option, value, maxBytes) =>
      allow(isText(value, maxBytes), option, value, `a text of 1 to ${maxBytes} bytes`),
    whole: (option, value, min, max) =>
      allow(isWhole(value, min, max), option, value, `an integer from ${min} to ${max}`),
    duration: (option, value) =>
      allow(isAbove0(value) && value < Infinity, option, value, 'a number of milliseconds above 0'),
    durationOrForever: (option, value) =>
      allow(isAbove0(value), option, value, 'a number of milliseconds above 0, or Infinity'),
    share: (option, value) =>
      allow(isAbove0(value) && value <= 1, option, value, 'a number above 0 and at most 1'),
    flag: (option, value) => allow(typeof value === 'boolean', option, value, 'true or false'),
    oneOf: (option, value, allowed) =>
      allow(allowed.includes(value), option, value, `one of ${allowed.join(', ')}`),
    capable: (option, value, methods, is) =>
      allow(isCapable(value, methods), option, value, `${is} with ${methods.join(', ')}`),
    record,
    knownNames(of, value, known) {
      record(of, value)
      for (const [name, given] of Object.entries(value)) {
        if (known.includes(name) || given === undefined) continue
        throw unknown(of, name, nearestNames(name, known))
      }
    },
  }
}

function isText(value: unknown, maxBytes: number): boolean {
  return typeof value === 'string' && value.length > 0 && utf8Length(value) <= maxBytes
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

function isAbove0(value: unknown): boolean {
  return typeof value === 'number' && value > 0
}

/** Whether it is an object that can be asked for all of these. */
export function isCapable(value: unknown, methods: readonly string[]): boolean {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  // Every object may be read by name.
  const read = (name: string): unknown => (value as Readonly<Record<string, unknown>>)[name]
  return isObject && methods.every((name) => typeof read(name) === 'function')
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
