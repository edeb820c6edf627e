// What a joiner makes of the answers of its contacts: a welcome, a refusal, or word that a later life of it is known.
import type { Incarnation, NodeAddress, NodeIdentity } from '@casty/transport'
import { maxRolesBytes } from './codec-limits.ts'
import { takeGossip } from './exchange.ts'
import type { Gossip } from './gossip.ts'
import { contactFailed, resolveContacts } from './joining.ts'
import { requestLeave } from './life-cycle.ts'
import type { MembershipEffect, MembershipState, Moment, Step } from './membership-state.ts'
import type { JoinRefusalReason } from './messages.ts'
import { refuseClaim } from './own-word.ts'
import { highestBelieved, implausibleLife } from './plausibility.ts'
import { Registry } from './registry.ts'

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
    // There is a cluster, though this node cannot believe what it was told of it.
    const [next, effects] = contactFailed(state, from.address, 'refused', moment)
    return [next, [...refuseClaim(from, taken.claim), ...effects]]
  }
  const { cluster, roomBytes, effects } = taken
  const known = new Map([[from.key, gossip.version]])
  const entered: MembershipState = {
    ...state,
    phase: { type: 'member' },
    cluster,
    roomBytes,
    known,
  }
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
      if (!claim) return outgrow(state, contact, knownIncarnation, moment)
      const [next, effects] = contactFailed(state, contact, 'refused', moment)
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

/**
 * A later incarnation of this address was known before us: go on as the one after it. Each contact is heeded once, until
 * all were asked: else one that makes up a later life each time would keep this node from asking any other.
 */
export function outgrow(
  state: MembershipState,
  contact: NodeAddress | undefined,
  knownIncarnation: Incarnation,
  moment: Moment,
): Step {
  const { phase, self } = state
  if (phase.type !== 'joining' || contact === undefined) return [state, []]
  if (knownIncarnation < self.incarnation) return [state, []]
  const name = contact.toString()
  // Above what others believe there is no life for this node.
  const isBelieved = knownIncarnation < highestBelieved(moment.wallNow)
  if (!isBelieved || phase.outgrownFor.has(name)) {
    return contactFailed(state, contact, 'unclear', moment)
  }
  // One above a valid incarnation; the endpoint validates it again.
  const incarnation = (knownIncarnation + 1) as Incarnation
  const outgrownFor = new Set(phase.outgrownFor).add(name)
  return [{ ...state, phase: { ...phase, outgrownFor } }, [{ type: 'reincarnate', incarnation }]]
}

/** Starts joining over under a new incarnation, which offers what the former one was to offer. */
export function reincarnated(state: MembershipState, self: NodeIdentity, moment: Moment): Step {
  if (state.phase.type !== 'joining') return [state, []]
  const rows = [...state.cluster.registry.rows.values()].map((row) => ({ ...row, node: self }))
  const cluster = state.cluster.withRegistry(Registry.of(rows)).with({ viewer: self.key })
  return resolveContacts({ ...state, self, cluster }, state.phase, moment)
}
