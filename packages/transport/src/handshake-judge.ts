import type { Association } from './association.ts'
import type { EndpointContext } from './endpoint-context.ts'
import type { Admission, Lane, PeerHello, Refusal } from './endpoint-types.ts'
import { decideHello, decideWelcome, type HandshakeContext } from './handshake-decision.ts'
import type { HandshakeParty, Hello, LaneHello, Welcome } from './handshake-messages.ts'
import type { NodeAddress } from './node-address.ts'
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

  hello(
    hello: LaneHello,
    channel: Channel,
    standing: Association | undefined,
  ): Refusal | 'dial-back' | undefined {
    const decision = decideHello(hello, this.#knowledge(hello, hello.lane, channel, standing))
    if (decision.type === 'refuse') return decision.refusal
    const admission = this.#ask(hello, channel.proof)
    if (admission.type !== 'dial-back') return this.#refusalOf(admission)
    const isConnected = standing?.control.isOpen === true && standing.trust === 'member'
    const isKnown = isConnected && standing.peer?.equals(hello.identity) === true
    return isKnown ? undefined : 'dial-back'
  }

  /** The answer to whoever only asks who lives here. */
  probe(hello: Hello, channel: Channel): Refusal | undefined {
    const { about, identity } = hello
    const decision = decideHello(hello, this.#strangers(identity.address, channel))
    if (decision.type === 'refuse') return decision.refusal
    const { hellos, self } = this.#context
    if (about === undefined || hellos.has(about, identity.address, this.#context.now())) {
      return undefined
    }
    const detail = `${self} has not dialled it`
    return { reason: 'unreachable-address', actual: self, detail }
  }

  /** Whether `expected` answered a probe. */
  probed(welcome: Welcome, expected: NodeIdentity, channel: Channel): Refusal | undefined {
    const decision = decideWelcome(
      welcome,
      expected,
      this.#strangers(welcome.identity.address, channel),
    )
    return decision.type === 'refuse' ? decision.refusal : undefined
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

  /** Whether the owner takes that peer, which need not be dialled back, and why not. */
  admit(peer: PeerHello, proof: ChannelProof | undefined): Refusal | undefined {
    return this.#refusalOf(this.#ask(peer, proof))
  }

  #ask(
    { identity, capabilities, trust }: PeerHello,
    proof: ChannelProof | undefined,
  ): Admission | { readonly type: 'undecided' } {
    return this.#context.admission({ identity, capabilities, trust, ...(proof && { proof }) })
  }

  #refusalOf(admission: Admission | { readonly type: 'undecided' }): Refusal | undefined {
    const { self } = this.#context
    if (admission.type === 'admitted' || admission.type === 'dial-back') return undefined
    if (admission.type === 'undecided')
      return { reason: 'busy', actual: self, detail: 'admission could not be decided' }
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
    const { settings } = this.#context
    const met = this.#history.met(address, trust)
    const isProven = settings.remembersPeers || standing?.control.isOpen === true
    const expected = isProven ? standing?.peer?.incarnation : undefined
    const known = met !== undefined && (expected === undefined || met > expected) ? met : expected
    const removed = this.#history.removed(address)
    return {
      ...this.#strangers(address, channel),
      ...(settings.configDigest !== undefined && { configDigest: settings.configDigest }),
      ...(known !== undefined && { knownIncarnation: known }),
      ...(removed !== undefined && { removedIncarnation: removed }),
      ...(standing?.trust !== undefined && { knownTrust: standing.trust }),
      lane: standing?.laneOf(lane).view ?? { type: 'idle' },
    }
  }

  /** What is known of one with which nothing was or will be. */
  #strangers(address: NodeAddress, channel: Channel): HandshakeContext {
    const { self, isClosing, settings, forbidden } = this.#context
    const mustProve = settings.transport.security === 'mutual-tls'
    const proof = channel.proof ?? (mustProve ? 'required' : undefined)
    return {
      self,
      clusterName: settings.clusterName,
      closing: isClosing,
      ...(forbidden.has(address, channel.proof?.fingerprint) && { isForbidden: true }),
      lane: { type: 'idle' },
      ...(proof !== undefined && { proof }),
    }
  }
}
