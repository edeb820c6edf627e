import { describeValue } from '@casty/options'

export type PostgresJournalErrorCode =
  | 'CASTY_JOURNAL_POSTGRES_BUSY'
  | 'CASTY_JOURNAL_POSTGRES_INVALID_OPTION'
  | 'CASTY_JOURNAL_POSTGRES_LOGIN_REFUSED'
  | 'CASTY_JOURNAL_POSTGRES_NOT_PERMITTED'
  | 'CASTY_JOURNAL_POSTGRES_NO_TABLE'
  | 'CASTY_JOURNAL_POSTGRES_QUERY_FAILED'
  | 'CASTY_JOURNAL_POSTGRES_READ_ONLY'
  | 'CASTY_JOURNAL_POSTGRES_TIMEOUT'
  | 'CASTY_JOURNAL_POSTGRES_UNREACHABLE'
  | 'CASTY_JOURNAL_POSTGRES_WRONG_TABLE'

/**
 * What PostgreSQL, or the way to it, did to a journal; what the server said is the `cause`. It is itself
 * the cause of the `JournalError` that callers get. Match on `code`: `instanceof` fails when two versions
 * of this package are installed.
 */
export class PostgresJournalError extends Error {
  override readonly name = 'PostgresJournalError'
  readonly code: PostgresJournalErrorCode

  private constructor(code: PostgresJournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** The server refused a statement, or the connection, with a reason of its own. */
  static refused(
    code: PostgresJournalErrorCode,
    happened: string,
    remedy: string,
    cause: Error,
  ): PostgresJournalError {
    return new PostgresJournalError(code, `Journal in PostgreSQL: ${happened}. ${remedy}`, {
      cause,
    })
  }

  /** @param wasConnected - whether it waited for an answer, and not for a connection */
  static timeout(operationTimeoutMs: number, wasConnected: boolean): PostgresJournalError {
    const missing = wasConnected ? 'no answer of the server' : 'no connection'
    const remedy = wasConnected
      ? 'Look for locks and load there, or raise operationTimeoutMs.'
      : 'Look whether the server can be reached, and whether the pool has enough connections.'
    return new PostgresJournalError(
      'CASTY_JOURNAL_POSTGRES_TIMEOUT',
      `Journal in PostgreSQL: ${missing} within operationTimeoutMs (${operationTimeoutMs}). ${remedy}`,
    )
  }

  static invalidOption(option: string, value: unknown, allowed: string): PostgresJournalError {
    return new PostgresJournalError(
      'CASTY_JOURNAL_POSTGRES_INVALID_OPTION',
      `Option ${option} of postgresJournal() is ${describe(value)}; allowed is ${allowed}.`,
    )
  }

  static noOptions(value: unknown): PostgresJournalError {
    return new PostgresJournalError(
      'CASTY_JOURNAL_POSTGRES_INVALID_OPTION',
      `The options of postgresJournal() are ${describe(value)}; allowed is an object with ` +
        'connectionString or pool.',
    )
  }

  static unknownOption(option: string, known: readonly string[]): PostgresJournalError {
    return new PostgresJournalError(
      'CASTY_JOURNAL_POSTGRES_INVALID_OPTION',
      `Option ${option} of postgresJournal() is not known; allowed is ${known.join(', ')}.`,
    )
  }
}

/** A connection string holds a password: of a text nothing is shown. */
function describe(value: unknown): string {
  return typeof value === 'string' ? 'another text' : describeValue(value)
}
