// The SQL of journals. Each request that writes is one statement, so one transaction, and takes the row of
// its stream first and no other: whoever writes the same id waits for it, sees what came before, and two
// that wait never wait for each other.
import { quotedTables, type JournalTables } from './tables.ts'

/** All the statements over one set of tables. A statement that writes returns no row where it changed nothing. */
export interface Statements {
  readonly append: Statement
  readonly appendFirst: Statement
  readonly claim: Statement
  readonly head: Statement
  readonly page: Statement
  readonly markDeleted: Statement
  readonly cleanDeleted: Statement
  readonly saveSnapshot: Statement
  readonly latestSnapshot: Statement
  readonly deleteSnapshots: Statement
  readonly ids: Statement
  readonly areThere: Statement
}

/** One of them by its name, under which a connection may keep it. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/**
 * What must hold while a statement runs, set from within it so that it takes no transaction of several
 * round trips: it waits for a lock no longer than its caller waits for it, and what it wrote outlives a
 * crash once it is answered, also where the user's default is not to wait for the disk.
 */
const settings = (lockTimeout: string): string => `settings AS MATERIALIZED (
  SELECT set_config('lock_timeout', ${lockTimeout}, true),
    set_config('synchronous_commit',
      CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
        ELSE current_setting('synchronous_commit') END, true)
)`

/** Rows of a batch: $6 holds manifests and bytes one after the other, the lists tell where which is. */
const batch = `unnest($7::int[], $8::int[], $9::int[], $10::bigint[], $11::bigint[], $12::bigint[])
    WITH ORDINALITY AS record (at, manifest_size, size, version, "timestamp", checksum, place)`

const recordColumns = 'manifest, version, "timestamp", bytes, checksum'

/** Bytes travel as text in any case; this one is the same whatever `bytea_output` is. */
const readColumns = (record: string): string => `${record}.sequence_nr,
  encode(${record}.manifest, 'hex') AS manifest, ${record}.version, ${record}."timestamp",
  encode(${record}.bytes, 'hex') AS bytes, ${record}.checksum`

/** Holds the row of a stream against other writers until the statement ends, if the writer is not fenced. */
const held = (streams: string, id: string, epoch: string): string => `held AS MATERIALIZED (
  SELECT s.stream, s.sequence_nr, s.deleted_to FROM ${streams} s, settings
  WHERE s.id = ${id} AND (${epoch}::bigint IS NULL OR s.epoch <= ${epoch}::bigint)
  FOR NO KEY UPDATE OF s
)`

/** @param tables - as a user gives them */
export function statementsFor(tables?: Partial<JournalTables>): Statements {
  const { streams, events, snapshots } = quotedTables(tables)
  const written = `written AS (
  INSERT INTO ${events} (stream, sequence_nr, epoch, ${recordColumns})
  SELECT advanced.stream, $3::bigint + record.place, $2::bigint,
    substring($6::bytea FROM record.at FOR record.manifest_size), record.version, record."timestamp",
    substring($6::bytea FROM record.at + record.manifest_size FOR record.size), record.checksum
  FROM advanced, ${batch}
)
SELECT stream FROM advanced`

  return {
    // $1 id, $2 epoch, $3 expected number, $4 count, $5 lock timeout, $6 to $12 the batch. Whoever waited
    // for the row has the condition read again, on the row as it is then. The primary key of events
    // would refuse a number twice even if a row of streams were tampered with.
    append: statement(
      'append',
      `WITH ${settings('$5')}, advanced AS (
  UPDATE ${streams} s SET sequence_nr = $3::bigint + $4::bigint, epoch = $2::bigint FROM settings
  WHERE s.id = $1 AND s.epoch <= $2::bigint AND s.sequence_nr = $3::bigint
  RETURNING s.stream
), ${written}`,
    ),

    // The same where no event is expected to be there: the stream may have no row yet.
    appendFirst: statement(
      'appendFirst',
      `WITH ${settings('$5')}, advanced AS (
  INSERT INTO ${streams} AS s (id, sequence_nr, epoch)
  SELECT $1, $3::bigint + $4::bigint, $2::bigint FROM settings
  ON CONFLICT (id) DO UPDATE SET sequence_nr = excluded.sequence_nr, epoch = excluded.epoch
  WHERE s.epoch <= excluded.epoch AND s.sequence_nr = $3::bigint
  RETURNING s.stream
), ${written}`,
    ),

    // $1 id, $2 epoch, $3 lock timeout.
    claim: statement(
      'claim',
      `WITH ${settings('$3')}
INSERT INTO ${streams} AS s (id, sequence_nr, epoch) SELECT $1, 0, $2::bigint FROM settings
ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch WHERE s.epoch <= excluded.epoch
RETURNING s.sequence_nr AS head_nr, s.epoch AS head_epoch, s.deleted_to`,
    ),

    // $1 id.
    head: statement(
      'head',
      `SELECT sequence_nr AS head_nr, epoch AS head_epoch, deleted_to FROM ${streams} WHERE id = $1`,
    ),

    // $1 id, $2 first number, $3 last number, $4 bytes after which no other is added. One statement sees one
    // moment: what is missing between its events and its head is missing for good. Numbers have no holes, so
    // the last one bounds the page; a LIMIT would have the server read all that follows where it plans badly.
    page: statement(
      'page',
      `SELECT s.sequence_nr AS head_nr, s.epoch AS head_epoch, s.deleted_to,
  e.epoch, ${readColumns('e')}
FROM ${streams} s LEFT JOIN LATERAL (
  SELECT * FROM (
    SELECT *, sum(octet_length(bytes)) OVER (ORDER BY sequence_nr) - octet_length(bytes) AS before
    FROM ${events} WHERE stream = s.stream AND sequence_nr BETWEEN $2::bigint AND $3::bigint
  ) AS sized WHERE before < $4::bigint
) AS e ON true
WHERE s.id = $1 ORDER BY e.sequence_nr`,
    ),

    // $1 id, $2 last number, $3 epoch or null, $4 lock timeout.
    markDeleted: statement(
      'markDeleted',
      `WITH ${settings('$4')}
UPDATE ${streams} s SET deleted_to = greatest(s.deleted_to, $2::bigint) FROM settings
WHERE s.id = $1 AND ($3::bigint IS NULL OR s.epoch <= $3::bigint) AND s.sequence_nr >= $2::bigint
RETURNING s.stream`,
    ),

    // $1 id, $2 most rows, $3 lock timeout, $4 null. What an earlier one left undone is done as well.
    cleanDeleted: statement(
      'cleanDeleted',
      `WITH ${settings('$3')}, ${held(streams, '$1', '$4')}, gone AS (
  DELETE FROM ${events} e USING held
  WHERE e.stream = held.stream AND e.sequence_nr <= held.deleted_to AND e.sequence_nr < $2::bigint +
    (SELECT min(first.sequence_nr) FROM ${events} first WHERE first.stream = held.stream)
  RETURNING e.sequence_nr
)
SELECT count(*) AS gone FROM gone HAVING count(*) > 0`,
    ),

    // $1 id, $2 number, $3 epoch or null, $4 lock timeout, $5 to $9 the record.
    saveSnapshot: statement(
      'saveSnapshot',
      `WITH ${settings('$4')}, ${held(streams, '$1', '$3')}
INSERT INTO ${snapshots} AS s (stream, sequence_nr, ${recordColumns})
SELECT held.stream, $2::bigint, $5::bytea, $6::bigint, $7::bigint, $8::bytea, $9::bigint
FROM held WHERE held.sequence_nr >= $2::bigint
ON CONFLICT (stream, sequence_nr) DO UPDATE SET manifest = excluded.manifest,
  version = excluded.version, "timestamp" = excluded."timestamp", bytes = excluded.bytes,
  checksum = excluded.checksum
RETURNING s.stream`,
    ),

    // $1 id, $2 highest number.
    latestSnapshot: statement(
      'latestSnapshot',
      `SELECT ${readColumns('snapshot')}
FROM ${snapshots} snapshot JOIN ${streams} s USING (stream)
WHERE s.id = $1 AND snapshot.sequence_nr <= $2::bigint ORDER BY snapshot.sequence_nr DESC LIMIT 1`,
    ),

    // $1 id, $2 last number, $3 epoch or null, $4 lock timeout.
    deleteSnapshots: statement(
      'deleteSnapshots',
      `WITH ${settings('$4')}, ${held(streams, '$1', '$3')}, gone AS (
  DELETE FROM ${snapshots} s USING held WHERE s.stream = held.stream AND s.sequence_nr <= $2::bigint
)
SELECT stream FROM held`,
    ),

    // $1 the last one before, $2 most rows.
    ids: statement(
      'ids',
      `SELECT s.stream, encode(s.id, 'hex') AS id, s.sequence_nr > s.deleted_to OR EXISTS (
  SELECT FROM ${snapshots} snapshot WHERE snapshot.stream = s.stream) AS is_listed
FROM ${streams} s WHERE s.stream > $1::bigint ORDER BY s.stream LIMIT $2::bigint`,
    ),

    areThere: statement(
      'areThere',
      `SELECT bool_and(to_regclass(name) IS NOT NULL) AS are_there
FROM (VALUES ('${streams}'), ('${events}'), ('${snapshots}')) AS tables (name)`,
    ),
  }
}

function statement(name: string, text: string): Statement {
  return { name: `casty ${name}`, text }
}
