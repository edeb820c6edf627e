// What a member answers to those who ask it to let them join.
import { VectorClock } from '@casty/clock'
import type { Incarnation, NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { encodeMessage } from './codec.ts'
import { maxRolesBytes, rolesBytes } from './codec-limits.ts'
import { tellEvictions } from './evicting.ts'
import { gossipFor } from './gossip.ts'
import { outlivedBy } from './joining.ts'
import { Member } from './member.ts'
import type { MembershipEffect, MembershipState, Moment, Step } from './membership-state.ts'
import type { JoinRefusalReason } from './messages.ts'
import { refuseClaim } from './own-word.ts'
import { implausibleLife } from './plausibility.ts'
import { sendTo } from './sending.ts'

/** A member's answer to somebody who asks to join. */
export function admit(
  state: MembershipState,
  from: NodeIdentity,
  { id, roles }: { readonly id: string; readonly roles: readonly string[] },
  { wallNow }: Moment,
): Step {
  const claim = implausibleLife(from.key, from.incarnation, wallNow)
  if (claim) return [state, refuseClaim(from, claim)]
  const refusal = refusalFor(state, from)
  if (refusal) return [state, [refuse(from, refusal)]]
  if (rolesBytes(roles) > maxRolesBytes) return [state, [refuse(from, 'roles-too-large')]]
  const cluster = withoutFormerLife(state.cluster, from, state.self, wallNow).addMember(
    Member.of({ node: from, id, roles }),
    state.self,
  )
  const welcome = { type: 'welcome', gossip: gossipFor(cluster, VectorClock.empty) } as const
  // Whoever comes back to a known address takes the room of its former life.
  const isNew = !state.cluster.member(from.address)
  if (isNew && encodeMessage(welcome).length > (state.settings.maxStateBytes ?? Infinity))
    return [state, [refuse(from, 'cluster-full')]]
  return [{ ...state, cluster }, [sendTo(from, welcome), ...tellEvictions(cluster, from)]]
}

/**
 * Whoever comes back proves that its former life is over. That is removed for good, and not only
 * replaced: of a node that restarts again and again, versions would else count every life for ever.
 */
function withoutFormerLife(
  cluster: ClusterState,
  { address, incarnation }: NodeIdentity,
  self: NodeIdentity,
  wallNow: number,
): ClusterState {
  const former = cluster.member(address)
  const isOver = former !== undefined && former.incarnation < incarnation
  return isOver ? cluster.removeMembers([former.node], wallNow, self) : cluster
}

function refuse(
  to: NodeIdentity,
  refusal: JoinRefusalReason | { readonly knownIncarnation: Incarnation },
): MembershipEffect {
  return typeof refusal === 'string'
    ? sendTo(to, { type: 'join-refused', reason: refusal, knownIncarnation: undefined })
    : sendTo(to, { type: 'join-refused', reason: 'stale-incarnation', ...refusal })
}

/** Why nobody, or not this incarnation, can be let in by this node. */
function refusalFor(
  state: MembershipState,
  from: NodeIdentity,
): JoinRefusalReason | { readonly knownIncarnation: Incarnation } | undefined {
  if (state.phase.type === 'joining') return 'not-a-member'
  const status = state.cluster.member(state.self)?.status
  const isStaying = status !== undefined && status !== 'exiting' && status !== 'down'
  if (state.phase.type !== 'member' || !isStaying) return 'leaving'
  const knownIncarnation = noJoinAfter(state.cluster, from)
  return knownIncarnation === undefined ? undefined : { knownIncarnation }
}

/** The incarnation after which `node` may not join: a later one, or its own where that is ending. */
function noJoinAfter(cluster: ClusterState, node: NodeIdentity): Incarnation | undefined {
  const member = cluster.member(node)
  return member?.status === 'down' || member?.status === 'exiting'
    ? member.incarnation
    : outlivedBy(cluster, node)
}
