import type { NodeKey } from '@casty/transport'
import type { ShardAllocation } from './allocations.ts'
import type { ClusterState } from './cluster-state.ts'
import { electLeader, type Viewpoint } from './leader.ts'
import type { Member } from './member.ts'
import type { ServiceEntry } from './registry.ts'

/** What routing needs to know of a cluster. */
export interface TopologySnapshot {
  readonly members: readonly Member[]
  readonly leader: Member | undefined
  readonly shardAllocations: ReadonlyMap<string, ReadonlyMap<number, ShardAllocation>>
  readonly allocationEpoch: number
  readonly unreachable: ReadonlySet<NodeKey>
  readonly registry: readonly ServiceEntry[]
}

export function topologyOf(state: ClusterState, view: Viewpoint): TopologySnapshot {
  return {
    members: state.members,
    leader: electLeader(state, view),
    shardAllocations: state.shardAllocations,
    allocationEpoch: state.allocationEpoch,
    unreachable: state.unreachable,
    // Few ask for it, and it takes sorting all of them.
    get registry() {
      return state.services
    },
  }
}

/** Whether anything of a snapshot may differ between two states. */
export function sameTopology(before: ClusterState, after: ClusterState): boolean {
  return (
    before.records === after.records &&
    before.reachability === after.reachability &&
    before.allocations === after.allocations &&
    before.registry === after.registry
  )
}
