import type { NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { counterparts } from './envoys.ts'
import type { MembershipState } from './membership-state.ts'

/**
 * Takes back what this node said of members of other data centers that it watches no more, since they
 * are no envoys any longer or it is none itself: nobody would ever correct it. That one is gone for
 * good stays said.
 */
export function forgetOutOfSight({ cluster, self }: MembershipState): ClusterState {
  const row = cluster.reachability.rows.get(self.key)
  const own = cluster.member(self)?.dataCenter
  if (cluster.dataCenters.size <= 1 || !row || row.records.size === 0) return cluster
  const envoys = [...counterparts(cluster, self.key).values()].flat()
  const watched = new Set<string>(envoys.map(({ key }) => key))
  let kept = cluster
  for (const subject of row.records.keys()) {
    const member = cluster.membersByKey.get(subject as NodeKey) // Looked up: only members are known.
    if (member === undefined || member.dataCenter === own || watched.has(subject)) continue
    kept = kept.markReachable(member.node, self)
  }
  return kept
}
