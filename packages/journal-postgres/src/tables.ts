// Where a journal keeps what. Ids and manifests are bytes, not texts: a text of PostgreSQL holds no
// U+0000, and what else it holds depends on the encoding of the database.
import { PostgresJournalError } from './errors.ts'
import type { Session } from './session.ts'
import type { Statement } from './statements.ts'
import { valueOf } from './stored-record.ts'

/** Of the advisory lock under which tables are created: `casty` in ASCII. */
const creationLock = 0x63_61_73_74_79

/** The tables of a journal, each with its schema or without. They are quoted: upper and lower case differ. */
export interface JournalTables {
  /** One row for each id: how far its events go, and who writes it. */
  readonly streams: string
  readonly events: string
  readonly snapshots: string
}

/** Names where nothing else is asked for. Indexes are named after their tables: `casty_events_pkey`. */
export const journalTableDefaults: JournalTables = Object.freeze({
  streams: 'casty_streams',
  events: 'casty_events',
  snapshots: 'casty_snapshots',
})

/**
 * Names as they stand in SQL.
 *
 * @throws PostgresJournalError `CASTY_JOURNAL_POSTGRES_INVALID_OPTION`
 */
export function quotedTables(given: Partial<JournalTables> = {}): JournalTables {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  if (!isObject) throw PostgresJournalError.invalidOption('tables', given, 'an object of names')
  const names = { ...journalTableDefaults, ...given }
  for (const name of Object.keys(names)) {
    if (Object.hasOwn(journalTableDefaults, name)) continue
    const known = Object.keys(journalTableDefaults).map((one) => `tables.${one}`)
    throw PostgresJournalError.unknownOption(`tables.${name}`, known)
  }
  const { streams, events, snapshots } = names
  if (new Set([streams, events, snapshots]).size < 3) {
    throw PostgresJournalError.invalidOption('tables', given, 'three names that differ')
  }
  return {
    streams: quotedName('tables.streams', streams),
    events: quotedName('tables.events', events),
    snapshots: quotedName('tables.snapshots', snapshots),
  }
}

function quotedName(option: string, table: string): string {
  const allowed = 'a name of letters, digits and _, with a schema and a dot before it or without'
  if (typeof table !== 'string' || !/^(?:[a-z_]\w{0,62}\.)?[a-z_]\w{0,62}$/i.test(table)) {
    throw PostgresJournalError.invalidOption(option, table, allowed)
  }
  return table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.')
}

/**
 * The SQL that creates the tables, for migrations and for users who may not create tables themselves.
 * It can be run again.
 *
 * @throws PostgresJournalError `CASTY_JOURNAL_POSTGRES_INVALID_OPTION`
 */
export function journalTablesSql(tables?: Partial<JournalTables>): string {
  const { streams, events, snapshots } = quotedTables(tables)
  return `CREATE TABLE IF NOT EXISTS ${streams} (
  stream bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id bytea NOT NULL UNIQUE,
  sequence_nr bigint NOT NULL,
  epoch bigint NOT NULL,
  deleted_to bigint NOT NULL DEFAULT 0,
  CHECK (epoch >= 0 AND deleted_to >= 0 AND deleted_to <= sequence_nr)
) WITH (fillfactor = 70);
CREATE TABLE IF NOT EXISTS ${events} (
  stream bigint NOT NULL,
  sequence_nr bigint NOT NULL,
  epoch bigint NOT NULL,
  manifest bytea NOT NULL,
  version bigint NOT NULL,
  "timestamp" bigint NOT NULL,
  bytes bytea NOT NULL,
  checksum bigint NOT NULL,
  PRIMARY KEY (stream, sequence_nr)
);
CREATE TABLE IF NOT EXISTS ${snapshots} (
  stream bigint NOT NULL,
  sequence_nr bigint NOT NULL,
  manifest bytea NOT NULL,
  version bigint NOT NULL,
  "timestamp" bigint NOT NULL,
  bytes bytea NOT NULL,
  checksum bigint NOT NULL,
  PRIMARY KEY (stream, sequence_nr)
);`
}

/** Creates the tables unless they are there: of several that do so at once, one after the other. */
export async function ensureTables(
  session: Session,
  tables: Partial<JournalTables> | undefined,
  areThere: Statement,
  lockTimeout: string,
): Promise<void> {
  const [row] = await session.read(areThere, [])
  if (valueOf(row, 'are_there') === true) return // Without asking for the right to create any.
  await session.script(`SELECT set_config('lock_timeout', '${lockTimeout}', true);
SELECT pg_advisory_xact_lock(${creationLock});
${journalTablesSql(tables)}`)
}
