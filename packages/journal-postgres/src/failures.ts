// What an error of the driver means for a journal. The five letters of the server (SQLSTATE) decide:
// texts are in the server's language.
import { JournalError, type WriteOutcome } from '@casty/persistence'
import { PostgresJournalError, type PostgresJournalErrorCode } from './errors.ts'

interface Failure {
  readonly code: PostgresJournalErrorCode
  readonly happened: string
  readonly remedy: string
}

const loginRefused: Failure = {
  code: 'CASTY_JOURNAL_POSTGRES_LOGIN_REFUSED',
  happened: 'the server refused the login',
  remedy: 'Check user, password and database, and pg_hba.conf of the server.',
}

const unreachable: Failure = {
  code: 'CASTY_JOURNAL_POSTGRES_UNREACHABLE',
  happened: 'no connection to the server, or it broke',
  remedy:
    'Check host, port and TLS settings, and whether the server runs and has connections to spare.',
}

const busy: Failure = {
  code: 'CASTY_JOURNAL_POSTGRES_BUSY',
  happened: 'the server ended the statement before it was done',
  remedy: 'Look for transactions that lock the tables of the journal, and for a statement_timeout.',
}

const noTable: Failure = {
  code: 'CASTY_JOURNAL_POSTGRES_NO_TABLE',
  happened: 'a table of the journal is not there',
  remedy:
    'Create them, with ensureTables() or the SQL of journalTablesSql(), or correct the option tables.',
}

const wrongTable: Failure = {
  code: 'CASTY_JOURNAL_POSTGRES_WRONG_TABLE',
  happened: 'a table of the journal has other columns or keys than it needs',
  remedy: 'Compare it with journalTablesSql(), or give another name as option tables.',
}

const notPermitted: Failure = {
  code: 'CASTY_JOURNAL_POSTGRES_NOT_PERMITTED',
  happened: 'this user may not do that',
  remedy:
    'Grant it SELECT, INSERT, UPDATE and DELETE on the tables; to create them, CREATE on the schema.',
}

const readOnly: Failure = {
  code: 'CASTY_JOURNAL_POSTGRES_READ_ONLY',
  happened: 'the server takes no writes',
  remedy: 'Connect to the primary: this is a standby, or default_transaction_read_only is on.',
}

const byState: Readonly<Record<string, Failure>> = {
  '23502': wrongTable,
  '25006': readOnly,
  '3F000': noTable,
  '40001': busy,
  '40P01': busy,
  '42501': notPermitted,
  '42703': wrongTable,
  '42804': wrongTable,
  '42809': wrongTable,
  '42883': wrongTable,
  '42P01': noTable,
  '42P10': wrongTable,
  '55P03': busy,
  '57014': busy,
}

/** What the server found that contradicts itself: a number twice, a row that no journal writes, a broken page. */
const damage: Readonly<Record<string, string>> = {
  '23505': 'there is an event with that number already, though its stream knows of none',
  '23514': 'the row of its stream contradicts itself',
  XX001: 'the server found a damaged page',
  XX002: 'the server found a damaged index',
}

const diskFull = '53100'

/** What was asked for, and what became of it as far as one knows. */
export interface FailedRequest {
  readonly what: string
  readonly id?: string
  readonly outcome: WriteOutcome
  /** Whether there was a connection. */
  readonly wasConnected: boolean
}

/** The error that a caller of the journal gets for one of the driver. */
export function journalFailure(error: Error, request: FailedRequest): JournalError {
  const { what, id, outcome } = request
  const state = stateOf(error) ?? ''
  const details = { cause: error, ...(id === undefined ? {} : { id }) }
  const problem = damage[state]
  if (problem !== undefined) return JournalError.damaged(id, problem, { ...details, outcome })
  if (state === diskFull && outcome === 'nothing-written') return JournalError.full(what, details)
  const cause = postgresFailure(error, request.wasConnected)
  return JournalError.unavailable(what, outcome, { ...details, cause })
}

/** What the server, or the way to it, did. */
export function postgresFailure(error: Error, wasConnected: boolean): PostgresJournalError {
  if (error instanceof PostgresJournalError) return error
  const state = stateOf(error)
  if (!wasConnected) return refused(isLogin(error) ? loginRefused : unreachable, error)
  const failure = state === undefined ? undefined : byState[state]
  return refused(failure ?? (isOfServer(error) ? other(state) : unreachable), error)
}

/** A server that asks for a password where there is none is refused by the driver, without a state. */
function isLogin(error: Error): boolean {
  return /^(?:28|3D)|^42501$/.test(stateOf(error) ?? '') || error.message.startsWith('SASL')
}

function refused({ code, happened, remedy }: Failure, error: Error): PostgresJournalError {
  return PostgresJournalError.refused(code, happened, remedy, error)
}

function other(state: string | undefined): Failure {
  return {
    code: 'CASTY_JOURNAL_POSTGRES_QUERY_FAILED',
    happened: `the server reports SQLSTATE ${state}`,
    remedy: 'Its own words are the cause of this error.',
  }
}

/**
 * Whether the server itself answered, and so surely did not carry the statement out. A server that is
 * ending says so too (class 57P, 08), but perhaps after it has committed.
 */
export function isOfServer(error: Error): boolean {
  const state = stateOf(error)
  return state !== undefined && !/^(?:08|57P)/.test(state)
}

/** Two transactions met, where the user's default isolation is stricter than needed: ask again. */
export function isCollision(error: Error): boolean {
  return ['40001', '40P01'].includes(stateOf(error) ?? '')
}

/** What the connection has prepared fits no more, or is gone: it would fail for ever. */
export function isStale(error: Error): boolean {
  return ['0A000', '26000'].includes(stateOf(error) ?? '')
}

/** Node's own errors have codes too (ECONNREFUSED), none of them of five letters and digits only. */
function stateOf(error: Error): string | undefined {
  const code = 'code' in error ? error.code : undefined
  const isState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE'
  return isState ? code : undefined
}
