// Made-up states of clusters of any size, as one of their nodes holds them.
import { VectorClock } from '@casty/clock'
import {
  ClusterState,
  gossipFor,
  initialState,
  Member,
  type Gossip,
  type MemberRecord,
  type MembershipSettings,
  type MembershipState,
} from '@casty/membership'
import { NodeAddress, NodeIdentity, toIncarnation } from '@casty/transport'

const settings: MembershipSettings = {
  id: 'measured',
  roles: [],
  dataCenter: 'default',
  leaderOrder: 'age',
  minMembers: 1,
  gossipIntervalMs: 1_000,
  gossipFanout: 3,
  wakeMinMs: 25,
  wakeMaxMs: 75,
  joinRetryMinMs: 50,
  joinRetryMaxMs: 1_000,
  joinTimeoutMs: 1_000,
  seedTimeoutMs: 5_000,
  weaklyUpAfterMs: 7_000,
  leaveTimeoutMs: 5_000,
  tombstoneTtlMs: 86_400_000,
}

/** The `index`-th node of a network, with an incarnation of a plausible length. */
export function nodeAt(index: number): NodeIdentity {
  const host = `10.20.${index >> 8}.${index & 255}`
  return NodeIdentity.of(NodeAddress.of(host, 7_400), toIncarnation(1_795_000_000_000 + index))
}

/** `size` members, all up, each last touched by itself; everybody has seen the version. */
export function clusterOf(size: number): ClusterState {
  const nodes = Array.from({ length: size }, (_, index) => nodeAt(index))
  const records = nodes.map((node, index): [string, MemberRecord] => [
    node.address.toString(),
    {
      member: Member.of({ node, status: 'up', upNumber: index + 1 }),
      dot: { node: node.key, counter: 1 },
    },
  ])
  return ClusterState.empty
    .with({
      clusterId: nodeAt(0).key,
      records: new Map(records),
      version: VectorClock.of(nodes.map((node) => [node.key, 1] as const)),
    })
    .markSeen(nodes.map(({ key }) => key))
}

/** The same with the last tenth unreachable, each for five of the others, as after a partition. */
export function partitioned(size: number): ClusterState {
  let cluster = clusterOf(size)
  const reachable = Math.ceil(size * 0.9)
  for (let subject = reachable; subject < size; subject++) {
    for (let observer = subject; observer < subject + 5; observer++) {
      cluster = cluster.markUnreachable(nodeAt(subject), nodeAt(observer % reachable))
    }
  }
  return cluster
}

/** The protocol state of the `index`-th member of such a cluster. Its next gossip is due at 1,000. */
export function memberOf(cluster: ClusterState, index: number): MembershipState {
  return {
    ...initialState(nodeAt(index), settings),
    phase: { type: 'member' },
    cluster,
    pace: { nextAt: 1_000, delayMs: 1_000 },
  }
}

/** What the last member tells when it begins to leave: one record, to somebody who has all else. */
export function newsOfOneMember(cluster: ClusterState): Gossip {
  const leaving = nodeAt(cluster.members.length - 1)
  return gossipFor(cluster.updateStatus(leaving, 'leaving', leaving), cluster.version)
}
