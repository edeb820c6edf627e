import type { Association } from './association.ts'
import type { EndpointContext } from './endpoint-context.ts'
import type { Admission, Lane, PeerHello, Refusal } from './endpoint-types.ts'
import { decideHello, decideWelcome, type HandshakeContext } from './handshake-decision.ts'
import type { HandshakeParty, Hello, Welcome } from './handshake-messages.ts'
import type { NodeIdentity } from './node-identity.ts'
import type { PeerHistory } from './peer-history.ts'
import type { Channel, ChannelProof } from './transport.ts'

/**
 * Judges what peers say in handshakes, by what an endpoint knows of them, without changing anything. The owner's `admit`
 * has the last word. `standing` is what there is with the peer's address already.
 */
export class HandshakeJudge {
  readonly #context: EndpointContext
  readonly #history: PeerHistory

  constructor(context: EndpointContext, history: PeerHistory) {
    this.#context = context
    this.#history = history
  }

  hello(hello: Hello, channel: Channel, standing: Association | undefined): Refusal | undefined {
    const decision = decideHello(hello, this.#knowledge(hello, hello.lane, channel, standing))
    return decision.type === 'refuse' ? decision.refusal : this.admit(hello, channel.proof)
  }

  welcome(
    welcome: Welcome,
    expected: NodeIdentity | undefined,
    lane: Lane,
    channel: Channel,
    standing: Association | undefined,
  ): Refusal | 'superseded' | undefined {
    const knowledge = this.#knowledge(welcome, lane, channel, standing)
    const decision = decideWelcome(welcome, expected, knowledge)
    if (decision.type === 'superseded') return 'superseded'
    return decision.type === 'refuse' ? decision.refusal : this.admit(welcome, channel.proof)
  }

  /** Whether the owner takes that peer, and why not. */
  admit(
    { identity, capabilities, trust }: PeerHello,
    proof: ChannelProof | undefined,
  ): Refusal | undefined {
    const { settings, self, tally } = this.#context
    let admission: Admission
    try {
      admission = settings.admit({ identity, capabilities, trust, ...(proof && { proof }) })
    } catch {
      tally.listenerErrors++
      return { reason: 'busy', actual: self, detail: 'admission could not be decided' }
    }
    if (admission.type === 'admitted') return undefined
    const { reason, knownIncarnation, detail } = admission
    return {
      reason,
      actual: self,
      ...(knownIncarnation !== undefined && { knownIncarnation }),
      detail,
    }
  }

  #knowledge(
    { identity: { address }, trust }: HandshakeParty,
    lane: Lane,
    channel: Channel,
    standing: Association | undefined,
  ): HandshakeContext {
    const { self, isClosing, settings, forbidden } = this.#context
    const met = this.#history.met(address, trust)
    const isProven = settings.remembersPeers || standing?.control.isOpen === true
    const expected = isProven ? standing?.peer?.incarnation : undefined
    const known = met !== undefined && (expected === undefined || met > expected) ? met : expected
    const removed = this.#history.removed(address)
    const mustProve = settings.transport.security === 'mutual-tls'
    const proof = channel.proof ?? (mustProve ? 'required' : undefined)
    return {
      self,
      clusterName: settings.clusterName,
      ...(settings.configDigest !== undefined && { configDigest: settings.configDigest }),
      closing: isClosing,
      ...(known !== undefined && { knownIncarnation: known }),
      ...(removed !== undefined && { removedIncarnation: removed }),
      ...(forbidden.has(address, channel.proof?.fingerprint) && { isForbidden: true }),
      ...(standing?.trust !== undefined && { knownTrust: standing.trust }),
      lane: standing?.laneOf(lane).view ?? { type: 'idle' },
      ...(proof !== undefined && { proof }),
    }
  }
}
