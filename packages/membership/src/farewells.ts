// What is owed to nodes that are given up, and what is forgotten of them.
import { VectorClock } from '@casty/clock'
import type { NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { tellEvictions } from './evicting.ts'
import { gossipFor } from './gossip.ts'
import { memberChanges } from './member-changes.ts'
import { authorOf } from './member-record.ts'
import type { MembershipEffect, MembershipState } from './membership-state.ts'
import { gossipTo } from './sending.ts'

/**
 * Last words to nodes that this one gave up: the decision, if they can still hear it. Of a node that
 * is gone, whoever decided it, the connections are given up too.
 */
export function farewells(
  before: ClusterState,
  state: MembershipState,
): readonly MembershipEffect[] {
  const { cluster, self } = state
  if (before.records === cluster.records) return []
  const effects: MembershipEffect[] = []
  for (const [member, now] of memberChanges(before.members, cluster.members)) {
    if (!member || member.node.equals(self) || now?.status === member.status) continue
    const { node } = member
    const author = now ? authorOf(cluster.records, node) : authorOf(cluster.tombstones, node)
    const isDecision = !now || now.status === 'down'
    if (isDecision && author === self.key) {
      if (cluster.evictions.hasAddress(node.address)) effects.push(...tellEvictions(cluster, node))
      effects.push(
        gossipTo(node, gossipFor(cluster, state.known.get(node.key) ?? VectorClock.empty)),
      )
    }
    if (!now) effects.push({ type: 'forget', node })
  }
  return effects
}

/** Forgets what was remembered of nodes that are members no longer. */
export function forgetGone(before: ClusterState, state: MembershipState): MembershipState {
  if (before.records === state.cluster.records) return state
  const isMember = (key: NodeKey): boolean => state.cluster.membersByKey.has(key)
  return {
    ...state,
    known: new Map([...state.known].filter(([key]) => isMember(key))),
    exitingConfirmed: new Set([...state.exitingConfirmed].filter(isMember)),
    badLinks: new Set([...state.badLinks].filter(isMember)),
  }
}
