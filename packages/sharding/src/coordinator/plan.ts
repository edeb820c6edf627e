// What a coordinator changes in the table: a pure function of the table, of who is there, and of what it was told.
import type { NodeKey } from '@casty/transport'
import type { Change } from '../protocol.ts'
import { placeOf } from '../table/shard-row.ts'
import type { ShardTable, TypeTable } from '../table/shard-table.ts'
import type { Situation } from './situation.ts'
import { TypePlanner, type PlannedRow } from './type-planner.ts'

export interface Plan {
  readonly changes: readonly Change[]
  /** When planning again may bring something, though nothing has changed. */
  readonly retryAt: number
}

/** The next changes of all types. The table must be one that no other change is under way for. */
export function planShards(table: ShardTable, situation: Situation): Plan {
  const changes: Change[] = []
  let retryAt = Number.POSITIVE_INFINITY
  for (const settings of situation.types.values()) {
    if (!table.types.has(settings.name)) changes.push({ type: 'type', settings, census: 0 })
  }
  const totals = countShards(table)
  for (const type of table.types.values()) {
    const planner = new TypePlanner(type, situation, totals)
    const rows = planner.plan()
    changes.push(...changesOf(type, planner.census, rows))
    retryAt = Math.min(retryAt, planner.retryAt)
  }
  return { changes, retryAt }
}

/**
 * Where the table goes back to an earlier census, what is undecided from then on comes first: many rows go in several batches, and the next
 * coordinator may know of the first ones alone.
 */
function* changesOf(
  { settings, census: before }: TypeTable,
  census: number,
  rows: readonly PlannedRow[],
): Iterable<Change> {
  const typeName = settings.name
  const undecided = census < before ? rows.filter(({ row }) => row.isUndecided) : []
  const others = rows.filter((row) => !undecided.includes(row))
  if (undecided.length > 0) yield { type: 'shards', typeName, rows: undecided }
  if (census !== before) yield { type: 'type', settings, census }
  if (others.length > 0) yield { type: 'shards', typeName, rows: others }
}

function countShards(table: ShardTable): Map<NodeKey, number> {
  const totals = new Map<NodeKey, number>()
  for (const { rows } of table.types.values()) {
    for (const row of rows) {
      const place = placeOf(row)
      if (place) totals.set(place.key, (totals.get(place.key) ?? 0) + 1)
    }
  }
  return totals
}
