// How a node becomes a member. It asks its contacts one after another; only the first contact, or a
// node told to, may form a cluster, and only when nobody else is there.
import type { Incarnation, NodeAddress, NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { stop } from './life-cycle.ts'
import { Member } from './member.ts'
import {
  drawsOf,
  type ContactOutcome,
  type JoiningPhase,
  type MembershipState,
  type Moment,
  type Step,
} from './membership-state.ts'

/** Who is not told for so long who the contacts are asks again, in milliseconds. */
const discoveryTimeoutMs = 5_000

/** Where some contacts say that this node is evicted, and no other answers for so long, it believes them, in milliseconds. */
const evictedAfterMs = 5_000

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
export function resolveContacts(state: MembershipState, phase: JoiningPhase, moment: Moment): Step {
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
  if (isEvicted(phase, moment)) return stop(state, 'forbidden')
  return mayForm(state, phase, moment)
    ? [formCluster(state), []]
    : [waitForNextRound(state, phase, moment), []]
}

/**
 * One contact may be evicted itself, and say what it likes to whoever asks it: at once this node believes only all of
 * them, and later those who answer.
 */
function isEvicted({ contacts, outcomes, sinceMs }: JoiningPhase, { now }: Moment): boolean {
  const answers = contacts.map((contact) => outcomes.get(contact.toString()))
  const others = answers.filter((answer) => answer !== 'forbidden' && answer !== 'self')
  if (!answers.includes('forbidden')) return false
  const isSilent = others.every((answer) => answer === 'nobody' || answer === 'unclear')
  return others.length === 0 || (isSilent && now - sinceMs >= evictedAfterMs)
}

/**
 * Only the first contact forms a cluster by itself: at once when every other contact is known not to
 * be in one, else when none has let it join for `seedTimeoutMs`; never where a member refuses it.
 */
function mayForm(state: MembershipState, phase: JoiningPhase, moment: Moment): boolean {
  const outcomes = [...phase.outcomes.values()]
  if (!phase.isFirstContact || outcomes.includes('refused')) return false
  if (outcomes.includes('forbidden')) return false
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
      outgrownFor: new Set(),
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
