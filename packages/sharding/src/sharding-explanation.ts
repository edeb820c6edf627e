import type { RegionStatistics } from './entity-region.ts'
import type { Version } from './table/version.ts'

/** What one node knows and does, in one readable object. */
export interface ShardingExplanation {
  /** In a sentence or two, for people. */
  readonly summary: string
  /** Who gives out shards, as far as this node knows. */
  readonly coordinator: string | undefined
  readonly isCoordinator: boolean
  /** Whether entities of this node may act now. */
  readonly hasLease: boolean
  readonly tableVersion: string
  readonly regions: readonly RegionStatistics[]
}

export interface Explained extends Pick<
  ShardingExplanation,
  'coordinator' | 'isCoordinator' | 'hasLease' | 'regions'
> {
  readonly table: { readonly version: Version }
}

export function explainSharding(known: Explained): ShardingExplanation {
  const { coordinator, isCoordinator, hasLease, table, regions } = known
  const summary = [
    coordinator === undefined
      ? 'No coordinator is known.'
      : `${isCoordinator ? 'This node' : coordinator} gives out shards.`,
    hasLease
      ? 'This node may run those that it has.'
      : 'This node has no lease: its entities wait.',
  ].join(' ')
  const { term, seq } = table.version
  const tableVersion = `${term}.${seq}`
  return { summary, coordinator, isCoordinator, hasLease, tableVersion, regions }
}
