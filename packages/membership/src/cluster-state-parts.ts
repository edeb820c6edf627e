import { VectorClock } from '@casty/clock'
import type { NodeKey } from '@casty/transport'
import { Allocations } from './allocations.ts'
import { crossDcDefaults } from './cross-dc.ts'
import { Evictions } from './evictions.ts'
import type { MemberRecord } from './member-record.ts'
import { Reachability } from './reachability.ts'
import { Registry } from './registry.ts'
import { isOver, type NodeOrder, type NodeSet } from './seen-nodes.ts'
import { Tombstones } from './tombstones.ts'

/** What a `ClusterState` is made of. */
export interface ClusterStateParts {
  /** Names the cluster for its whole life; made by the node that formed it, empty before that. */
  readonly clusterId: string
  /** Who looks at the cluster: votes are counted from its place. Not told to others. */
  readonly viewer: NodeKey | undefined
  /** How many others watch each member: no more votes are asked for. Not told to others. */
  readonly monitoredBy: number
  /** How many members keep each data center in touch with the others. Not told to others. */
  readonly crossDcConnections: number
  /** By address: one record for each, of its latest incarnation. */
  readonly records: ReadonlyMap<string, MemberRecord>
  readonly tombstones: Tombstones
  readonly reachability: Reachability
  /** Per observer, its counter in `version` when it last changed its row. */
  readonly rowCounters: ReadonlyMap<NodeKey, number>
  readonly version: VectorClock
  /** Who is known to have seen exactly this version. */
  readonly seen: NodeSet
  readonly allocations: Allocations
  readonly registry: Registry
  readonly evictions: Evictions
}

/** Nothing is known, and nobody looks. */
export const emptyParts: ClusterStateParts = {
  clusterId: '',
  viewer: undefined,
  monitoredBy: Number.POSITIVE_INFINITY,
  crossDcConnections: crossDcDefaults.connections,
  records: new Map(),
  tombstones: Tombstones.empty,
  reachability: Reachability.empty,
  rowCounters: new Map(),
  version: VectorClock.empty,
  seen: new Set(),
  allocations: Allocations.empty,
  registry: Registry.empty,
  evictions: Evictions.empty,
}

/**
 * The parts that speak of nodes, without those that are no members; undefined where all are.
 *
 * @param order - of the members
 */
export function restrictedParts(
  parts: ClusterStateParts,
  isMember: (key: string) => boolean,
  order: NodeOrder,
): Partial<ClusterStateParts> | undefined {
  const reachability = parts.reachability.restrict(isMember)
  const registry = parts.registry.restrict(isMember)
  const version = parts.tombstones.prune(parts.version)
  const holds =
    reachability === parts.reachability &&
    registry === parts.registry &&
    version === parts.version &&
    (isOver(parts.seen, order) || every(parts.seen, isMember)) &&
    every(parts.rowCounters.keys(), isMember)
  if (holds) return undefined
  const seen = new Set([...parts.seen].filter(isMember))
  const rowCounters = new Map([...parts.rowCounters].filter(([key]) => isMember(key)))
  return { reachability, registry, version, seen, rowCounters }
}

function every(keys: Iterable<NodeKey>, holds: (key: NodeKey) => boolean): boolean {
  for (const key of keys) if (!holds(key)) return false
  return true
}
