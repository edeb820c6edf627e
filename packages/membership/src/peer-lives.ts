// Which lives of an address are over: what this node says of its peers, and what they say of it.
import type {
  Admission,
  EndpointEvent,
  Incarnation,
  NodeIdentity,
  PeerHello,
  Refusal,
} from '@casty/transport'
import { outlivedBy } from './joining.ts'
import type { MembershipState } from './membership-state.ts'
import { isGivenUp } from './rivals.ts'

/**
 * The word on a peer that connects: whoever is known to be over stays out, and no client has a member's address. Who is no
 * member yet is dialled back where that is asked for: else whoever knows the secret could take any address.
 */
export function admissionOf(
  { cluster, self }: MembershipState,
  { identity: peer, trust }: Pick<PeerHello, 'identity' | 'trust'>,
  dialsBack: boolean,
): Admission {
  if (trust === 'client' && cluster.records.get(peer.address.toString())) {
    const detail = `${self.address} knows ${peer.address} as a member, which no client is taken for`
    return { type: 'refused', reason: 'forbidden', detail }
  }
  const knownIncarnation = outlivedBy(cluster, peer)
  if (knownIncarnation === undefined) {
    const isNew = trust === 'member' && !cluster.membersByKey.has(peer.key)
    return { type: dialsBack && isNew ? 'dial-back' : 'admitted' }
  }
  const reason = knownIncarnation === peer.incarnation ? 'removed' : 'stale-incarnation'
  const detail = `${self.address} knows incarnation ${knownIncarnation} of ${peer.address} to be ${
    reason === 'removed' ? 'removed' : 'newer'
  }`
  return { type: 'refused', reason, knownIncarnation, detail }
}

/**
 * Whether there may be such a life, that somebody has named: of a member's address none but the member's own, until that one
 * is replaced, or the later life has connected itself.
 */
export function believes({ cluster }: MembershipState, peer: NodeIdentity): boolean {
  const member = cluster.records.get(peer.address.toString())?.member
  return member === undefined || peer.incarnation <= member.incarnation
}

/** By which incarnation a member of our cluster says that this life of ours is over, if it does. */
export function outlivedAccordingTo(
  { refusal }: Extract<EndpointEvent, { type: 'dial-refused' }>,
  { cluster, self }: MembershipState,
): Incarnation | undefined {
  const { actual, knownIncarnation } = refusal
  // A node that dials somebody who is over refuses its welcome itself: that says nothing of the node.
  if (!saysThatWeAreOver(refusal) || !actual || actual.equals(self)) return undefined
  const status = cluster.member(actual)?.status
  if (status === undefined || status === 'down') return undefined
  return knownIncarnation ?? self.incarnation
}

/** Who says so, but was given up by our own cluster: whoever is right, it is of another side. */
export function rivalAccordingTo(
  { refusal }: Extract<EndpointEvent, { type: 'dial-refused' }>,
  { cluster }: MembershipState,
): NodeIdentity | undefined {
  const { actual } = refusal
  return actual && saysThatWeAreOver(refusal) && isGivenUp(cluster, actual) ? actual : undefined
}

/** To such a one nothing can be said. */
export function saysThatWeAreOver({ reason }: Refusal): boolean {
  return reason === 'removed' || reason === 'stale-incarnation'
}
