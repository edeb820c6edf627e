export type LeaseErrorCode =
  | 'CASTY_SBR_LEASE_CLOSED'
  | 'CASTY_SBR_LEASE_LOST'
  | 'CASTY_SBR_LEASE_TIMEOUT'
  | 'CASTY_SBR_LEASE_WENT_BACK'

/**
 * What can go wrong with any lease; what its store reports comes as it is. Match on `code`:
 * `instanceof` fails when two versions of this package are installed.
 */
export class LeaseError extends Error {
  override readonly name = 'LeaseError'
  readonly code: LeaseErrorCode

  private constructor(code: LeaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static closed(lease: string): LeaseError {
    return new LeaseError(
      'CASTY_SBR_LEASE_CLOSED',
      `Lease ${lease} was disposed of. What it held runs out by itself; make a new lease to ask again.`,
    )
  }

  /** @param cause - why the last renewal failed, if that is why */
  static notRenewed(lease: string, trustedMs: number, cause: unknown): LeaseError {
    return new LeaseError(
      'CASTY_SBR_LEASE_LOST',
      `Lease ${lease} is lost: no renewal that began in the last ${trustedMs} ms has succeeded. Stop what ` +
        'needs it, then look at the connection to its store, or for a pause of this process.',
      { cause },
    )
  }

  static takenAway(lease: string): LeaseError {
    return new LeaseError(
      'CASTY_SBR_LEASE_LOST',
      `Lease ${lease} is lost: its store knows this holder no more. Stop what needs it, then find out ` +
        'who changed the store, or whether its clock was set.',
    )
  }

  static timeout(lease: string, operationTimeoutMs: number): LeaseError {
    return new LeaseError(
      'CASTY_SBR_LEASE_TIMEOUT',
      `The store of lease ${lease} gave no answer within ${operationTimeoutMs} ms. Look at the store and ` +
        'the network, or raise operationTimeoutMs; what it still grants is given back.',
    )
  }

  static wentBack(lease: string, fence: bigint, highest: bigint): LeaseError {
    return new LeaseError(
      'CASTY_SBR_LEASE_WENT_BACK',
      `Lease ${lease} was granted with fence ${fence}, and ${highest} was given before: its store has ` +
        'forgotten. Restore it from the newest copy, and set the fence above all that were given.',
    )
  }
}
