import type { NodeIdentity, NodeKey } from '@casty/transport'
import { digestOf } from './digest.ts'

/** Where a shard lives: the node that runs it, and the nodes that keep copies. */
export interface ShardAllocation {
  readonly primary: NodeIdentity
  readonly replicas: readonly NodeIdentity[]
}

/** All shards of one entity type, as one author published them at one epoch. */
export interface AllocationTable {
  readonly epoch: number
  /** Breaks the tie when two authors used one epoch: the greater key wins, everywhere alike. */
  readonly author: NodeKey
  readonly shards: ReadonlyMap<number, ShardAllocation>
}

/**
 * Shard tables by entity type. Each type has an epoch of its own, so one type's change never makes
 * another's look stale, and the table with the higher epoch wins whole. Membership only spreads
 * them: who may publish, and under which promise, is decided above.
 *
 * Immutable. A change that changes nothing returns the same instance.
 */
export class Allocations {
  static readonly empty: Allocations = new Allocations(new Map())

  readonly tables: ReadonlyMap<string, AllocationTable>
  #digest: number | undefined

  private constructor(tables: ReadonlyMap<string, AllocationTable>) {
    this.tables = tables
  }

  /** Takes a table over unless a newer one is known: then returns the same instance. */
  with(type: string, table: AllocationTable): Allocations {
    return this.merge([[type, table]])
  }

  /** Per type the table with the higher (epoch, author). Commutative, associative, idempotent. */
  merge(tables: Iterable<readonly [type: string, table: AllocationTable]>): Allocations {
    let merged: Map<string, AllocationTable> | undefined
    for (const [type, table] of tables) {
      if (!isNewerTable(table, (merged ?? this.tables).get(type))) continue
      merged ??= new Map(this.tables)
      merged.set(type, table)
    }
    return merged ? new Allocations(merged) : this
  }

  /** Tables that somebody who holds these lacks. */
  newerThan(
    held: ReadonlyMap<string, Pick<AllocationTable, 'epoch' | 'author'>>,
  ): readonly (readonly [type: string, table: AllocationTable])[] {
    return [...this.tables].filter(([type, table]) => isNewerTable(table, held.get(type)))
  }

  /** The highest epoch of any type; 0 where there is none. */
  get epoch(): number {
    return Math.max(0, ...[...this.tables.values()].map((table) => table.epoch))
  }

  get digest(): number {
    this.#digest ??= digestOf(
      [...this.tables]
        .map(([type, table]) => `${type}:${table.epoch}:${table.author}`)
        .toSorted()
        .join(),
    )
    return this.#digest
  }
}

/** Whether a table is to replace the one held, by epoch, then author. */
export function isNewerTable(
  table: Pick<AllocationTable, 'epoch' | 'author'>,
  held: Pick<AllocationTable, 'epoch' | 'author'> | undefined,
): boolean {
  if (!held) return true
  return table.epoch === held.epoch ? table.author > held.author : table.epoch > held.epoch
}
