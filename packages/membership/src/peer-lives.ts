// Which lives of an address are over: what this node says of its peers, and what they say of it.
import type { Admission, EndpointEvent, Incarnation, NodeIdentity } from '@casty/transport'
import { outlivedBy } from './joining.ts'
import type { MembershipState } from './membership-state.ts'

/** The word on a peer that connects: whoever is known to be over stays out. */
export function admissionOf({ cluster, self }: MembershipState, peer: NodeIdentity): Admission {
  const knownIncarnation = outlivedBy(cluster, peer)
  if (knownIncarnation === undefined) return { type: 'admitted' }
  const reason = knownIncarnation === peer.incarnation ? 'removed' : 'stale-incarnation'
  const detail = `${self.address} knows incarnation ${knownIncarnation} of ${peer.address} to be ${
    reason === 'removed' ? 'removed' : 'newer'
  }`
  return { type: 'refused', reason, knownIncarnation, detail }
}

/** By which incarnation a member of our cluster says that this life of ours is over, if it does. */
export function outlivedAccordingTo(
  { refusal }: Extract<EndpointEvent, { type: 'dial-refused' }>,
  { cluster, self }: MembershipState,
): Incarnation | undefined {
  const { reason, actual, knownIncarnation } = refusal
  if (reason !== 'removed' && reason !== 'stale-incarnation') return undefined
  if (!actual || !cluster.member(actual)) return undefined
  return knownIncarnation ?? self.incarnation
}
