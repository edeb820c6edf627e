import type { EndpointEvent, NodeIdentity } from '@casty/transport'
import type { MembershipInput, MembershipState } from './membership-state.ts'
import { outlivedAccordingTo, rivalAccordingTo, saysThatWeAreOver } from './peer-lives.ts'

/** A node as it is when it is asked. */
export interface Refused {
  readonly state: MembershipState
  readonly endpoint: { readonly self: NodeIdentity }
}

/** What a peer that refuses a connection says of this node, or of itself: one word after the other, each of the node as it is by then. */
export function* wordsOfRefusal(
  node: Refused,
  event: Extract<EndpointEvent, { type: 'dial-refused' }>,
): Generator<MembershipInput> {
  const knownIncarnation = outlivedAccordingTo(event, node.state)
  if (knownIncarnation !== undefined) yield { type: 'outlived', knownIncarnation }
  const rival = rivalAccordingTo(event, node.state)
  if (rival !== undefined) yield { type: 'rival-met', node: rival }
  const { actual, reason } = event.refusal
  if (actual === undefined) return
  // A node that dials somebody who is evicted refuses that itself: it says nothing of the node.
  if (reason === 'forbidden' && !actual.equals(node.endpoint.self)) {
    yield { type: 'forbidden-by', node: actual }
  }
  if (!saysThatWeAreOver(event.refusal)) yield { type: 'successor-met', node: actual }
}
