// How a node becomes a member. It asks its contacts one after another; only the first contact, or a
// node told to, may form a cluster, and only when nobody else is there.
import type { Incarnation, NodeAddress, NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { maxRolesBytes } from './codec-limits.ts'
import { takeGossip } from './exchange.ts'
import { requestLeave, stop } from './life-cycle.ts'
import type { Gossip } from './gossip.ts'
import { Member } from './member.ts'
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
import { refuseClaim } from './own-word.ts'
import { highestBelieved, implausibleLife } from './plausibility.ts'
import { Registry } from './registry.ts'

/** Who is not told for so long who the contacts are asks again, in milliseconds. */
const discoveryTimeoutMs = 5_000

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
  const nextAt = moment.now + Math.min(state.settings.seedTimeoutMs, discoveryTimeoutMs)
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
 * be in one, else when none has let it join for `seedTimeoutMs`; never where a member refuses it.
 */
function mayForm(state: MembershipState, phase: JoiningPhase, moment: Moment): boolean {
  const outcomes = [...phase.outcomes.values()]
  if (!phase.isFirstContact || outcomes.includes('refused')) return false
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

/** The incarnation that shows `node` to be over: a later one at its address, or a removed one. */
export function outlivedBy(cluster: ClusterState, node: NodeIdentity): Incarnation | undefined {
  const tombstone = cluster.tombstones.get(node.address.toString())
  if (tombstone && cluster.tombstones.has(node)) return tombstone.node.incarnation
  const incarnation = cluster.member(node.address)?.incarnation
  return incarnation !== undefined && incarnation > node.incarnation ? incarnation : undefined
}

/**
 * Takes a welcome as the answer to our own joining: only if it lists this very incarnation. The state
 * of a joiner holds nothing but what its user offers already, which it brings along.
 */
export function enter(
  state: MembershipState,
  from: NodeIdentity,
  gossip: Gossip,
  moment: Moment,
): Step {
  const lists = (node: NodeIdentity): boolean =>
    gossip.records.some(({ member }) => member.node.equals(node))
  if (state.phase.type !== 'joining' || !lists(state.self)) return [state, []]
  const taken = takeGossip(state, from, gossip, moment.wallNow)
  if (taken.type === 'refused') {
    const [next, effects] = contactFailed(state, from.address, 'unclear', moment)
    return [next, [...refuseClaim(from, taken.claim), ...effects]]
  }
  const { cluster, effects } = taken
  const known = new Map([[from.key, gossip.version]])
  const entered: MembershipState = { ...state, phase: { type: 'member' }, cluster, known }
  const next = state.phase.leaving ? requestLeave(entered, state.self)[0] : entered
  return [next, effects]
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
  const contact = from.address
  switch (reason) {
    case 'stale-incarnation': {
      if (knownIncarnation === undefined) return contactFailed(state, contact, 'unclear', moment)
      const claim = implausibleLife(from.key, knownIncarnation, moment.wallNow)
      if (!claim) return outgrow(state, knownIncarnation, moment)
      const [next, effects] = contactFailed(state, contact, 'unclear', moment)
      return [next, [...refuseClaim(from, claim), ...effects]]
    }
    case 'not-a-member':
      return contactFailed(state, contact, 'joiner', moment)
    case 'leaving':
      return contactFailed(state, contact, 'unclear', moment)
    case 'roles-too-large':
    case 'cluster-full': {
      const [next, effects] = contactFailed(state, contact, 'refused', moment)
      return [next, [...effects, publishRefusal(contact, reason)]]
    }
  }
}

/** Asking again does not mend this: people must know. */
function publishRefusal(
  contact: NodeAddress,
  reason: 'roles-too-large' | 'cluster-full',
): MembershipEffect {
  const detail =
    reason === 'cluster-full'
      ? 'the state of the cluster would outgrow its frames; raise limits.maxDataFrameBytes on all nodes, or use fewer and shorter roles'
      : `the roles take more than ${maxRolesBytes} bytes together; use fewer or shorter ones`
  return {
    type: 'publish',
    event: { type: 'join-refused', contact: contact.toString(), reason, detail },
  }
}

/** A later incarnation of this address was known before us: go on as the one after it. */
export function outgrow(
  state: MembershipState,
  knownIncarnation: Incarnation,
  { wallNow }: Moment,
): Step {
  // Above what others believe there is no life for this node.
  const isBelieved = knownIncarnation < highestBelieved(wallNow)
  if (state.phase.type !== 'joining' || knownIncarnation < state.self.incarnation || !isBelieved)
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
