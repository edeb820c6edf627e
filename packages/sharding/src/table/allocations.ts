// Where the shards of a type are, in the words of membership.
import type { ClusterState, ShardAllocation } from '@casty/membership'
import type { ShardRow } from './shard-row.ts'
import type { ShardTable } from './shard-table.ts'

/** Made once for the rows of one table, which do not change. */
const made = new WeakMap<readonly ShardRow[], ReadonlyMap<number, ShardAllocation>>()

const noRows: readonly ShardRow[] = []

/** By shard; those that nobody owns are left out. @param rows - none while the table does not know the type */
export function allocationsOf(
  rows: readonly ShardRow[] = noRows,
): ReadonlyMap<number, ShardAllocation> {
  const known = made.get(rows)
  if (known) return known
  const allocations = new Map<number, ShardAllocation>()
  for (const [shard, { owner, replicas }] of rows.entries()) {
    if (owner) allocations.set(shard, { primary: owner, replicas })
  }
  made.set(rows, allocations)
  return allocations
}

/** A state of the cluster together with a table; the same instance as long as neither of them changes. */
export class StateWithShards {
  #state: ClusterState | undefined
  #table: ShardTable | undefined
  #both: ClusterState | undefined

  of(state: ClusterState, table: ShardTable): ClusterState {
    if (this.#both && state === this.#state && table === this.#table) return this.#both
    this.#state = state
    this.#table = table
    this.#both = withShards(state, table)
    return this.#both
  }
}

function withShards(state: ClusterState, { types }: ShardTable): ClusterState {
  let both = state
  for (const [name, { rows }] of types) {
    const newest = rows.reduce<ShardRow | undefined>(
      (newer, row) => (row.owner && row.epoch > (newer?.epoch ?? -1) ? row : newer),
      undefined,
    )
    if (!newest?.owner) continue
    both = both.withAllocations(name, allocationsOf(rows), newest.epoch, newest.owner)
  }
  return both
}
