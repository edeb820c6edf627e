// Who keeps the data centers of a cluster in touch: a few of the oldest members of each, its envoys.
// They gossip with those of the others and watch them; nobody else talks across.
import type { NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { Member } from './member.ts'

/**
 * The members that keep a data center in touch with the others, oldest first: the
 * `crossDc.connections` oldest that are neither down nor out of its own reach. Those that are not up
 * yet come last, by address.
 *
 * @see Apache Pekko, CrossDcHeartbeatSender, which keeps the oldest also where they are gone
 */
export function envoysOf(cluster: ClusterState, dataCenter: string): readonly Member[] {
  return cluster.derived.verdicts.envoys(dataCenter)
}

/** The other data centers of a cluster that `self` keeps in touch with, each with its envoys. */
export function counterparts(
  cluster: ClusterState,
  self: NodeKey,
): ReadonlyMap<string, readonly Member[]> {
  const { dataCenters } = cluster
  const found = new Map<string, readonly Member[]>()
  if (dataCenters.size <= 1) return found
  const own = cluster.membersByKey.get(self)?.dataCenter
  if (own === undefined || !envoysOf(cluster, own).some(({ key }) => key === self)) return found
  for (const name of dataCenters.keys()) if (name !== own) found.set(name, envoysOf(cluster, name))
  return found
}
