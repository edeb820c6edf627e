// How a node becomes a member, from both sides. The joiner asks its contacts one after another; only
// the first contact, or a node told to, may form a cluster, and only when nobody else is there.
import type { Incarnation, NodeAddress, NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { requestLeave, stop } from './life-cycle.ts'
import { gossipFor, receiveGossip, type Gossip } from './gossip.ts'
import { Member } from './member.ts'
import type { MemberRecord } from './member-record.ts'
import {
  drawsOf,
  type ContactOutcome,
  type JoiningPhase,
  type MembershipEffect,
  type MembershipState,
  type Moment,
  type Step,
} from './membership-state.ts'
import type { JoinRefusalReason } from './messages.ts'
import { Registry } from './registry.ts'
import { VectorClock } from '@casty/clock'

export function start(state: MembershipState, bootstrap: boolean, moment: Moment): Step {
  if (state.phase.type !== 'joining') return [state, []]
  if (bootstrap) return [formCluster(state), []]
  return resolveContacts(state, { ...state.phase, sinceMs: moment.now }, moment)
}

/** Starts a round: asks the first contact, or forms a cluster where there is nobody to ask. */
export function startRound(
  state: MembershipState,
  contacts: readonly NodeAddress[],
  moment: Moment,
): Step {
  if (state.phase.type !== 'joining') return [state, []]
  const others = contacts.filter((contact) => !contact.equals(state.self.address))
  const isFirstContact = contacts[0]?.equals(state.self.address) ?? false
  const phase: JoiningPhase = {
    ...state.phase,
    contacts: others,
    isFirstContact,
    asking: -1,
    outcomes: new Map(),
  }
  return askNext(state, phase, moment)
}

export function contactFailed(
  state: MembershipState,
  contact: NodeAddress,
  outcome: ContactOutcome,
  moment: Moment,
): Step {
  const { phase } = state
  if (phase.type !== 'joining' || phase.contacts[phase.asking]?.equals(contact) !== true)
    return [state, []]
  if (phase.leaving) return stop(state, 'left')
  const outcomes = new Map(phase.outcomes).set(contact.toString(), outcome)
  // Listed first under another name, this node is the first contact all the same.
  const isFirstContact = phase.isFirstContact || (outcome === 'self' && phase.asking === 0)
  return askNext(state, { ...phase, outcomes, isFirstContact }, moment)
}

/** The contact asked stayed silent, or it is time for the next round. */
export function joiningDue(state: MembershipState, phase: JoiningPhase, moment: Moment): Step {
  const contact = phase.contacts[phase.asking]
  if (contact) return contactFailed(state, contact, 'unclear', moment)
  return resolveContacts(state, phase, moment)
}

/** Asks who the contacts are. An answer that never comes is asked for again. */
function resolveContacts(state: MembershipState, phase: JoiningPhase, moment: Moment): Step {
  const nextAt = moment.now + state.settings.seedTimeoutMs
  return [
    { ...state, phase: { ...phase, contacts: [], asking: 0, nextAt } },
    [{ type: 'resolve-contacts' }],
  ]
}

function askNext(state: MembershipState, phase: JoiningPhase, moment: Moment): Step {
  const asking = phase.asking + 1
  const contact = phase.contacts[asking]
  if (contact) {
    const next: JoiningPhase = {
      ...phase,
      asking,
      nextAt: moment.now + state.settings.joinTimeoutMs,
    }
    return [{ ...state, phase: next }, [{ type: 'ask-to-join', contact }]]
  }
  return mayForm(state, phase, moment)
    ? [formCluster(state), []]
    : [waitForNextRound(state, phase, moment), []]
}

/**
 * Only the first contact forms a cluster by itself: at once when every other contact is known not to
 * be in one, else when none has let it join for `seedTimeoutMs`.
 */
function mayForm(state: MembershipState, phase: JoiningPhase, moment: Moment): boolean {
  if (!phase.isFirstContact) return false
  const nobodyIsThere = phase.contacts.every((contact) => {
    const outcome = phase.outcomes.get(contact.toString())
    return outcome === 'nobody' || outcome === 'joiner' || outcome === 'self'
  })
  return nobodyIsThere || moment.now - phase.sinceMs >= state.settings.seedTimeoutMs
}

function waitForNextRound(
  state: MembershipState,
  phase: JoiningPhase,
  moment: Moment,
): MembershipState {
  const { joinRetryMaxMs } = state.settings
  const jitter = 0.5 + drawsOf(moment)()
  return {
    ...state,
    phase: {
      ...phase,
      asking: phase.contacts.length,
      nextAt: moment.now + phase.retryDelayMs * jitter,
      retryDelayMs: Math.min(phase.retryDelayMs * 1.5, joinRetryMaxMs),
    },
  }
}

/** The first node: a cluster of its own, named after this life of it. */
function formCluster(state: MembershipState): MembershipState {
  const cluster = state.cluster
    .with({ clusterId: state.self.key })
    .addMember(selfAsMember(state), state.self)
  return { ...state, phase: { type: 'member' }, cluster }
}

function selfAsMember({ self, settings }: MembershipState): Member {
  return Member.of({ node: self, id: settings.id, roles: settings.roles })
}

/** A member's answer to somebody who asks to join. */
export function admit(
  state: MembershipState,
  from: NodeIdentity,
  { id, roles }: { readonly id: string; readonly roles: readonly string[] },
): Step {
  const { cluster } = state
  const refusal = refusalFor(state, from)
  if (refusal)
    return [state, [{ type: 'send', to: from, message: { type: 'join-refused', ...refusal } }]]
  const admitted = cluster.addMember(Member.of({ node: from, id, roles }), state.self)
  return [{ ...state, cluster: admitted }, [welcome(admitted, from)]]
}

function refusalFor(
  state: MembershipState,
  from: NodeIdentity,
):
  | { readonly reason: JoinRefusalReason; readonly knownIncarnation: Incarnation | undefined }
  | undefined {
  if (state.phase.type === 'joining') return { reason: 'not-a-member', knownIncarnation: undefined }
  const self = state.cluster.member(state.self)
  if (
    state.phase.type !== 'member' ||
    !self ||
    self.status === 'exiting' ||
    self.status === 'down'
  ) {
    return { reason: 'leaving', knownIncarnation: undefined }
  }
  const knownIncarnation = supersededBy(state.cluster, from)
  return knownIncarnation === undefined
    ? undefined
    : { reason: 'stale-incarnation', knownIncarnation }
}

/** The incarnation after which `node` may not join: a later one, or its own where that is over. */
function supersededBy(cluster: ClusterState, node: NodeIdentity): Incarnation | undefined {
  const outlived = outlivedBy(cluster, node)
  if (outlived !== undefined) return outlived
  const member = cluster.member(node)
  return member?.status === 'down' || member?.status === 'exiting' ? member.incarnation : undefined
}

/** The incarnation by which `node` is known to be gone: a later one at its address, or a buried one. */
export function outlivedBy(cluster: ClusterState, node: NodeIdentity): Incarnation | undefined {
  const tombstone = cluster.tombstones.get(node.address.toString())
  if (tombstone && cluster.isBuried(node)) return tombstone.node.incarnation
  const incarnation = cluster.member(node.address)?.incarnation
  return incarnation !== undefined && incarnation > node.incarnation ? incarnation : undefined
}

function welcome(cluster: ClusterState, to: NodeIdentity): MembershipEffect {
  const gossip = gossipFor(cluster, VectorClock.empty)
  const isJoiner = ({ member }: MemberRecord): number => (member.node.equals(to) ? 0 : 1)
  // The joiner first: where the welcome is told in parts, the first must list it.
  const records = gossip.records.toSorted((left, right) => isJoiner(left) - isJoiner(right))
  return { type: 'send', to, message: { type: 'welcome', gossip: { ...gossip, records } } }
}

/**
 * Takes a welcome as the answer to our own joining: only if it lists this very incarnation. The state
 * of a joiner holds nothing but what its user offers already, which it brings along.
 */
export function enter(state: MembershipState, from: NodeIdentity, gossip: Gossip): MembershipState {
  const lists = (node: NodeIdentity): boolean =>
    gossip.records.some(({ member }) => member.node.equals(node))
  if (state.phase.type !== 'joining' || !lists(state.self)) return state
  const cluster = receiveGossip(state.cluster, gossip)
  const known = new Map([[from.key, gossip.version]])
  const entered: MembershipState = { ...state, phase: { type: 'member' }, cluster, known }
  return state.phase.leaving ? requestLeave(entered, state.self)[0] : entered
}

/** What the joiner makes of a refusal. */
export function refused(
  state: MembershipState,
  from: NodeIdentity,
  reason: JoinRefusalReason,
  knownIncarnation: Incarnation | undefined,
  moment: Moment,
): Step {
  if (state.phase.type !== 'joining') return [state, []]
  if (reason === 'stale-incarnation' && knownIncarnation !== undefined)
    return outgrow(state, knownIncarnation)
  return contactFailed(
    state,
    from.address,
    reason === 'not-a-member' ? 'joiner' : 'unclear',
    moment,
  )
}

/** A later incarnation of this address was known before us: go on as the one after it. */
export function outgrow(state: MembershipState, knownIncarnation: Incarnation): Step {
  const isLast = knownIncarnation === Number.MAX_SAFE_INTEGER // No honest node has one above it.
  if (state.phase.type !== 'joining' || knownIncarnation < state.self.incarnation || isLast)
    return [state, []]
  // One above a valid incarnation; the endpoint validates it again.
  const incarnation = (knownIncarnation + 1) as Incarnation
  return [state, [{ type: 'reincarnate', incarnation }]]
}

/** Starts joining over under a new incarnation, which offers what the former one was to offer. */
export function reincarnated(state: MembershipState, self: NodeIdentity, moment: Moment): Step {
  if (state.phase.type !== 'joining') return [state, []]
  const rows = [...state.cluster.registry.rows.values()].map((row) => ({ ...row, node: self }))
  const cluster = state.cluster.withRegistry(Registry.of(rows)).with({ viewer: self.key })
  return resolveContacts({ ...state, self, cluster }, state.phase, moment)
}
