import { describeValue } from '@casty/options'

export type PostgresLeaseErrorCode =
  | 'CASTY_LEASE_POSTGRES_BUSY'
  | 'CASTY_LEASE_POSTGRES_INVALID_OPTION'
  | 'CASTY_LEASE_POSTGRES_LOGIN_REFUSED'
  | 'CASTY_LEASE_POSTGRES_NOT_PERMITTED'
  | 'CASTY_LEASE_POSTGRES_NO_TABLE'
  | 'CASTY_LEASE_POSTGRES_QUERY_FAILED'
  | 'CASTY_LEASE_POSTGRES_READ_ONLY'
  | 'CASTY_LEASE_POSTGRES_UNREACHABLE'
  | 'CASTY_LEASE_POSTGRES_WRONG_TABLE'

/**
 * What PostgreSQL, or the way to it, did to a lease; what the server said is the `cause`. Match on
 * `code`: `instanceof` fails when two versions of this package are installed.
 */
export class PostgresLeaseError extends Error {
  override readonly name = 'PostgresLeaseError'
  readonly code: PostgresLeaseErrorCode

  private constructor(code: PostgresLeaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** The server refused a statement, or the connection, with a reason of its own. */
  static refused(
    code: PostgresLeaseErrorCode,
    lease: string,
    happened: string,
    remedy: string,
    cause: Error,
  ): PostgresLeaseError {
    return new PostgresLeaseError(code, `Lease ${lease}: ${happened}. ${remedy}`, { cause })
  }

  static invalidOption(option: string, value: unknown, allowed: string): PostgresLeaseError {
    return new PostgresLeaseError(
      'CASTY_LEASE_POSTGRES_INVALID_OPTION',
      `Option ${option} of postgresLease() is ${describe(value)}; allowed is ${allowed}.`,
    )
  }

  static noOptions(value: unknown): PostgresLeaseError {
    return new PostgresLeaseError(
      'CASTY_LEASE_POSTGRES_INVALID_OPTION',
      `The options of postgresLease() are ${describe(value)}; allowed is an object with name, owner, ` +
        'and connectionString or pool.',
    )
  }

  static unknownOption(option: string, known: readonly string[]): PostgresLeaseError {
    return new PostgresLeaseError(
      'CASTY_LEASE_POSTGRES_INVALID_OPTION',
      `Option ${option} of postgresLease() is not known; allowed is ${known.join(', ')}.`,
    )
  }
}

/** A connection string holds a password: of a text nothing is shown. */
function describe(value: unknown): string {
  return typeof value === 'string' ? 'another text' : describeValue(value)
}
