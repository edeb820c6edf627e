// The SQL of leases. Each of claim, renew and release is one statement, so one transaction: what
// another session does at the same time happens before it or after it, never within.
import { PostgresLeaseError } from './errors.ts'

/** All the statements over one table. */
export interface Statements {
  readonly now: string
  readonly claim: string
  readonly renew: string
  readonly release: string
  readonly isThere: string
  readonly create: string
}

/**
 * What must hold while a statement runs, set from within it so that it takes no transaction of several
 * round trips: it waits for a lock no longer than its caller waits for it, and once it is answered it
 * survives a crash, also where the user's default is not to wait for the disk.
 */
const settings = (lockTimeout: string) => `settings AS MATERIALIZED (
  SELECT set_config('lock_timeout', ${lockTimeout}, true),
    set_config('synchronous_commit',
      CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
        ELSE current_setting('synchronous_commit') END, true)
)`

const now = 'extract(epoch FROM clock_timestamp())::float8'

const inMs = (parameter: string) =>
  `clock_timestamp() + ${parameter}::float8 * interval '1 millisecond'`

/** @param table - as a user gives it: `casty_leases`, or `schema.casty_leases` */
export function statementsFor(table: string): Statements {
  const quoted = quotedName(table)
  return {
    // Seconds since 1970, by the database's clock.
    now: `SELECT ${now} AS now`,

    // $1 name, $2 owner, $3 session, $4 attempt, $5 ttlMs, $6 void at, $7 lock timeout.
    // `clock_timestamp()` is the time at which it is read, after any wait for the row; `now()` would be
    // that of the statement's beginning. A conflict that does not meet the condition changes nothing,
    // and no row is returned: `fence` is null.
    claim: `WITH ${settings('$7')}, claimed AS (
  INSERT INTO ${quoted} AS lease (name, owner, session, attempt, fence, expires_at)
  SELECT $1, $2, $3, $4::bigint, 1, ${inMs('$5')} FROM settings WHERE ${now} < $6::float8
  ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, session = excluded.session,
    attempt = excluded.attempt, fence = lease.fence + 1, expires_at = ${inMs('$5')}
  WHERE ${now} < $6::float8 AND (lease.expires_at <= clock_timestamp()
    OR (lease.session = excluded.session AND lease.attempt < excluded.attempt))
  RETURNING fence
)
SELECT (SELECT fence::text FROM claimed) AS fence, ${now} < $6::float8 AS is_in_time`,

    // $1 name, $2 session, $3 attempt, $4 ttlMs, $5 lock timeout.
    renew: `WITH ${settings('$5')}
UPDATE ${quoted} SET expires_at = ${inMs('$4')} FROM settings
WHERE name = $1 AND session = $2 AND attempt = $3::bigint AND expires_at > clock_timestamp()`,

    // $1 name, $2 session, $3 attempt, $4 lock timeout. The row stays: it holds the fence.
    release: `WITH ${settings('$4')}
UPDATE ${quoted} SET expires_at = '-infinity' FROM settings
WHERE name = $1 AND session = $2 AND attempt <= $3::bigint`,

    isThere: `SELECT to_regclass('${quoted}') IS NOT NULL AS is_there`,
    create: leaseTableSql(table),
  }
}

/**
 * The SQL that creates the table of leases, for migrations and for users who may not create tables
 * themselves. Never delete its rows: a row holds the highest fence that was given under its name.
 *
 * @throws PostgresLeaseError `CASTY_LEASE_POSTGRES_INVALID_OPTION`
 */
export function leaseTableSql(table: string = 'casty_leases'): string {
  return `CREATE TABLE IF NOT EXISTS ${quotedName(table)} (
  name text PRIMARY KEY,
  owner text NOT NULL,
  session text NOT NULL,
  attempt bigint NOT NULL,
  fence bigint NOT NULL,
  expires_at timestamptz NOT NULL
)`
}

function quotedName(table: string): string {
  const allowed = 'a name of letters, digits and _, with a schema and a dot before it or without'
  if (typeof table !== 'string' || !/^(?:[a-z_]\w{0,62}\.)?[a-z_]\w{0,62}$/i.test(table)) {
    throw PostgresLeaseError.invalidOption('table', table, allowed)
  }
  return table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.')
}
