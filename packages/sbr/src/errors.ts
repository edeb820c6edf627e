/** What an {@link SbrError} is about. */
export type SbrErrorCode = 'CASTY_SBR_INVALID_OPTION' | 'CASTY_SBR_LEASE_IN_USE'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class SbrError extends Error {
  override readonly name = 'SbrError'
  readonly code: SbrErrorCode

  private constructor(code: SbrErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static invalidOption(option: string, value: unknown, allowed: string): SbrError {
    return new SbrError(
      'CASTY_SBR_INVALID_OPTION',
      `Option ${option} is ${describe(value)}; allowed is ${allowed}.`,
    )
  }

  static leaseInUse(lease: string, self: string): SbrError {
    return new SbrError(
      'CASTY_SBR_LEASE_IN_USE',
      `Lease ${lease} belongs to another node of this process, and ${self} would take its grant for its own. ` +
        'Give each node a resolver with a lease object of its own.',
    )
  }

  static unknownOption(option: string, known: readonly string[]): SbrError {
    const allowed = known.length === 0 ? 'none' : known.join(', ')
    return new SbrError(
      'CASTY_SBR_INVALID_OPTION',
      `Option ${option} is not known; allowed is ${allowed}.`,
    )
  }
}

/** Values may hold secrets or be long: text is cut, objects are only named. */
function describe(value: unknown): string {
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
