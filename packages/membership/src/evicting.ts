// How the decision that somebody is evicted gets around: its digest goes along with gossip once there is
// one, and whoever holds others is told all of them. Nodes that do not know these messages drop them.
import type { NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { spendOnEvictions } from './eviction-budget.ts'
import { requestDown } from './leader-actions.ts'
import { statusAfterDown } from './leader.ts'
import { stop } from './life-cycle.ts'
import type { MembershipEffect, MembershipState, Moment, Step } from './membership-state.ts'
import type { MembershipMessage } from './messages.ts'
import { sendTo } from './sending.ts'

/** Asks whether the peer holds the same; nothing is said while nobody is evicted. */
export function evictionsStatus(
  { evictions }: ClusterState,
  to: NodeIdentity,
): readonly MembershipEffect[] {
  return evictions.size === 0
    ? []
    : [sendTo(to, { type: 'evictions-status', digest: evictions.digest, isAnswer: false })]
}

/** Tells a joiner, or whoever lacks some, all who are evicted. */
export function tellEvictions(
  { evictions }: ClusterState,
  to: NodeIdentity,
): readonly MembershipEffect[] {
  return evictions.size === 0 ? [] : [sendTo(to, { type: 'evictions', entries: evictions.entries })]
}

/** Where the two hold different ones each tells the other all it has: three messages, and no more. */
export function receiveEvictionsStatus(
  state: MembershipState,
  from: NodeIdentity,
  { digest, isAnswer }: Extract<MembershipMessage, { type: 'evictions-status' }>,
): Step {
  const { evictions } = state.cluster
  if (digest === evictions.digest) return [state, []]
  const told = tellEvictions(state.cluster, from)
  if (isAnswer) return [state, told]
  const answer = { type: 'evictions-status', digest: evictions.digest, isAnswer: true } as const
  return [state, [...told, sendTo(from, answer)]]
}

export function receiveEvictions(
  state: MembershipState,
  from: NodeIdentity,
  { entries }: Extract<MembershipMessage, { type: 'evictions' }>,
  { now }: Moment,
): Step {
  const { cluster } = state
  if (!cluster.member(from)) return [state, [{ type: 'drop', reason: 'foreign-cluster' }]]
  const news = entries.filter((entry) => !cluster.evictions.has(entry))
  if (news.length === 0) return [state, []]
  const teller = from.address.toString()
  const [taken, evictionBudget] = spendOnEvictions(state.evictionBudget, teller, news.length, now)
  const evictions = cluster.evictions.merge(news.slice(0, taken))
  return [
    { ...state, evictionBudget, cluster: cluster.with({ evictions }) },
    // No claim: an honest member that has more to tell, since it was here longer, cannot be told from a liar.
    taken < news.length ? [{ type: 'drop', reason: 'too-many-evictions' }] : [],
  ]
}

/**
 * Stops for good: who is evicted is let in by nobody, in no life. Only members count that are not down themselves; what
 * contacts say to a joiner is an answer among others, see `joining.ts`.
 */
export function forbiddenBy(state: MembershipState, node: NodeIdentity): Step {
  const status = state.cluster.member(node)?.status
  return status === undefined || status === 'down' ? [state, []] : stop(state, 'forbidden')
}

/** Downs whoever is a member at a forbidden address: everybody does who knows, for the leader may be the one. */
export function downForbidden(state: MembershipState): MembershipState {
  const { evictions, members } = state.cluster
  if (evictions.size === 0) return state
  const evicted = members.filter(
    ({ address, status }) => statusAfterDown(status) !== undefined && evictions.hasAddress(address),
  )
  return requestDown(
    state,
    evicted.map(({ node }) => node),
  )
}
