export type CrdtErrorCode =
  | 'CASTY_CRDT_FOREIGN_VALUE'
  | 'CASTY_CRDT_INVALID_ARGUMENT'
  | 'CASTY_CRDT_MALFORMED'
  | 'CASTY_CRDT_OVERFLOW'
  | 'CASTY_CRDT_TYPE_MISMATCH'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class CrdtError extends Error {
  override readonly name = 'CrdtError'
  readonly code: CrdtErrorCode

  private constructor(code: CrdtErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static invalidArgument(argument: string, value: unknown, allowed: string): CrdtError {
    return new CrdtError(
      'CASTY_CRDT_INVALID_ARGUMENT',
      `${argument} is ${describeValue(value)}; allowed is ${allowed}.`,
    )
  }

  static malformed(what: string, cause?: unknown): CrdtError {
    return new CrdtError(
      'CASTY_CRDT_MALFORMED',
      `The bytes hold no value that encode() wrote: ${what}. They were damaged, or are not for this package.`,
      cause === undefined ? undefined : { cause },
    )
  }

  static overflow(what: string): CrdtError {
    return new CrdtError(
      'CASTY_CRDT_OVERFLOW',
      `${what} is beyond the safe integers, ±(2⁵³ − 1). Read bigValue, which is exact.`,
    )
  }

  /** Nobody could read a later one, and a write must be later than what it replaces. */
  static noLaterTime(): CrdtError {
    return new CrdtError(
      'CASTY_CRDT_OVERFLOW',
      'What is to be replaced was written at the last time that there is, 2⁵² ms, as by a clock that was wrong. ' +
        'Delete it, and write anew.',
    )
  }

  static typeMismatch(expected: string, actual: string): CrdtError {
    return new CrdtError(
      'CASTY_CRDT_TYPE_MISMATCH',
      `A value of the type ${actual} was given for one of the type ${expected}. ` +
        'The type of a key must be the same everywhere, and never change.',
    )
  }

  static foreignValue(key: string): CrdtError {
    return new CrdtError(
      'CASTY_CRDT_FOREIGN_VALUE',
      `The value that update() returned for the key ${JSON.stringify(key.slice(0, 100))} was not made ` +
        'from the one it was given. Change that one, or use put() for a value of your own.',
    )
  }
}

/** What was given in place of an allowed value. It may hold a secret or be long: objects are only named. */
function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'missing'
    case 'string':
      return JSON.stringify(value.slice(0, 100))
    case 'function':
      return 'a function'
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
    default:
      return String(value)
  }
}
