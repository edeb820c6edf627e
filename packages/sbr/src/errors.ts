import { describeValue } from '@casty/options'

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

  /** @param of - whose option it is, as in 'keepOldest()' */
  static invalidOption(of: string, option: string, value: unknown, allowed: string): SbrError {
    return new SbrError(
      'CASTY_SBR_INVALID_OPTION',
      `Option ${option} of ${of} is ${describeValue(value)}; allowed is ${allowed}.`,
    )
  }

  /** @param of - what wants options, as in 'keepOldest()' */
  static invalidOptions(of: string, value: unknown, known: readonly string[]): SbrError {
    const what = value === undefined ? 'no options' : `${describeValue(value)} for options`
    const names = known.length === 0 ? '' : `, of these: ${known.join(', ')}`
    return new SbrError(
      'CASTY_SBR_INVALID_OPTION',
      `${of} was given ${what}; allowed is an object of options${names}.`,
    )
  }

  /** A strategy where a resolver, or its options, are wanted. */
  static bareStrategy(where: string, strategy: string, instead: string): SbrError {
    return new SbrError(
      'CASTY_SBR_INVALID_OPTION',
      `${where} is the strategy ${JSON.stringify(strategy.slice(0, 100))}, which needs a resolver ` +
        `to carry it out; write ${instead}.`,
    )
  }

  static leaseInUse(lease: string, self: string): SbrError {
    return new SbrError(
      'CASTY_SBR_LEASE_IN_USE',
      `Lease ${lease} belongs to another node of this process, and ${self} would take its grant for its own. ` +
        'Give each node a resolver with a lease object of its own.',
    )
  }

  /** @param nearest - the names that look most alike */
  static unknownOption(of: string, option: string, nearest: readonly string[]): SbrError {
    const allowed = nearest.length === 0 ? 'none' : nearest.join(', ')
    return new SbrError(
      'CASTY_SBR_INVALID_OPTION',
      `Option ${option} of ${of} is not known; allowed is ${allowed}.`,
    )
  }
}
