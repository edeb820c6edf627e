// What an error of the driver means for a lease. The five letters of the server (SQLSTATE) decide:
// texts are in the server's language.
import { PostgresLeaseError, type PostgresLeaseErrorCode } from './errors.ts'

interface Failure {
  readonly code: PostgresLeaseErrorCode
  readonly happened: string
  readonly remedy: string
}

const loginRefused: Failure = {
  code: 'CASTY_LEASE_POSTGRES_LOGIN_REFUSED',
  happened: 'the server refused the login',
  remedy: 'Check user, password and database, and pg_hba.conf of the server.',
}

const unreachable: Failure = {
  code: 'CASTY_LEASE_POSTGRES_UNREACHABLE',
  happened: 'no connection to the server, or it broke',
  remedy:
    'Check host, port and TLS settings, and whether the server runs and has connections to spare.',
}

const busy: Failure = {
  code: 'CASTY_LEASE_POSTGRES_BUSY',
  happened: 'the server ended the statement before it was done',
  remedy:
    'Look for transactions that lock the table of leases, and for a statement_timeout of this user.',
}

const noTable: Failure = {
  code: 'CASTY_LEASE_POSTGRES_NO_TABLE',
  happened: 'the table of leases is not there',
  remedy:
    'Create it, with ensureTable() or the SQL of leaseTableSql(), or correct the option table.',
}

const wrongTable: Failure = {
  code: 'CASTY_LEASE_POSTGRES_WRONG_TABLE',
  happened: 'the table of leases has other columns or keys than it needs',
  remedy: 'Compare it with leaseTableSql(), or give another name as option table.',
}

const notPermitted: Failure = {
  code: 'CASTY_LEASE_POSTGRES_NOT_PERMITTED',
  happened: 'this user may not do that',
  remedy:
    'Grant it SELECT, INSERT and UPDATE on the table of leases; to create that, CREATE on its schema.',
}

const readOnly: Failure = {
  code: 'CASTY_LEASE_POSTGRES_READ_ONLY',
  happened: 'the server takes no writes',
  remedy: 'Connect to the primary: this is a standby, or default_transaction_read_only is on.',
}

const byState: Readonly<Record<string, Failure>> = {
  '25006': readOnly,
  '3D000': loginRefused,
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
  '23502': wrongTable,
}

/** What went wrong where a statement was refused, or a connection broke. */
export function queryFailure(lease: string, error: Error): PostgresLeaseError {
  const state = stateOf(error)
  const failure = (state && byState[state]) || (isOfServer(error) ? other(state) : unreachable)
  return refused(lease, failure, error)
}

/** What went wrong where there was no connection yet. */
export function connectFailure(lease: string, error: Error): PostgresLeaseError {
  const state = stateOf(error) ?? ''
  // A server that asks for a password where there is none is refused by the driver, without a state.
  const isLogin = /^(?:28|3D)|^42501$/.test(state) || error.message.startsWith('SASL')
  return refused(lease, isLogin ? loginRefused : unreachable, error)
}

function refused(lease: string, { code, happened, remedy }: Failure, error: Error) {
  return PostgresLeaseError.refused(code, lease, happened, remedy, error)
}

function other(state: string | undefined): Failure {
  return {
    code: 'CASTY_LEASE_POSTGRES_QUERY_FAILED',
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

/** Somebody else has just created the same table. */
export function isDuplicate(error: Error): boolean {
  return ['23505', '42P07', '42710'].includes(stateOf(error) ?? '')
}

/** Node's own errors have codes too (ECONNREFUSED), none of them of five letters and digits only. */
function stateOf(error: Error): string | undefined {
  const code = 'code' in error ? error.code : undefined
  const isState = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE'
  return isState ? code : undefined
}
