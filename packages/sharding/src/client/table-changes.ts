// What leads from one table to another.
import type { Batch, Change } from '../protocol.ts'
import type { ShardRow } from '../table/shard-row.ts'
import { rowsChanged, ShardTable } from '../table/shard-table.ts'
import { snapshotOf } from '../table/snapshot.ts'
import { sameVersion } from '../table/version.ts'
import type { ToldTable } from './table-frames.ts'

/** Rows that are told one by one; where more differ, the table is told whole. About 24 bytes each. */
const maxRows = 2_000

/** Messages that bring somebody who has `known` to `table`; none where that is the same. */
export function messagesBetween(known: ShardTable, table: ShardTable): readonly ToldTable[] {
  if (sameVersion(known.version, table.version)) return []
  // Whoever has something that is not known here has to forget it.
  if (known === ShardTable.empty) return snapshotOf(table, table.version.term)
  const changes = [...typeChanges(known, table)]
  const byType = new Map<string, { readonly shard: number; readonly row: ShardRow }[]>()
  const rows = rowsChanged(known, table)
  if (rows.length > maxRows) return snapshotOf(table, table.version.term)
  for (const { typeName, shard, row } of rows) {
    const changed = byType.get(typeName) ?? []
    byType.set(typeName, changed)
    changed.push({ shard, row })
  }
  for (const [typeName, changed] of byType) {
    changes.push({ type: 'shards', typeName, rows: changed })
  }
  const { version } = table
  const batch: Batch = { version, previous: known.version, changes }
  return [{ type: 'entries', term: version.term, batches: [batch] }]
}

function* typeChanges(known: ShardTable, table: ShardTable): Iterable<Change> {
  for (const [name, { settings }] of table.types) {
    const former = known.types.get(name)?.settings
    const isSame =
      former?.numShards === settings.numShards &&
      former.replicas === settings.replicas &&
      former.disks === settings.disks
    if (!isSame) yield { type: 'type', settings, census: 0 }
  }
}
