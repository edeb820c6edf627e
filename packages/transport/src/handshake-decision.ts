// Whether a connection comes about, as pure functions of what is known when the other side's word
// arrives. Both ends decide by the same rules, so they agree without another round trip:
//
// - Simultaneous dials: the dial of the lower identity survives. The lower end refuses the other
//   dial as `duplicate` while its own hello is under way; the higher end takes the lower's dial and
//   abandons its own. A dial that has not said hello yet gives way to whatever arrives.
// - An established connection against a new hello: an end dials only when it holds no connection, so
//   the end's latest word wins. Its words are numbered (`sequence`), for they travel on different
//   connections and may overtake each other.
import type { Authentication, ProofPurpose, Trust } from './authentication.ts'
import { certificateNames, isMadeOutTo } from './certificate-names.ts'
import type { Refusal } from './endpoint-types.ts'
import type { Hello, HandshakeParty, Welcome } from './handshake-messages.ts'
import type { NodeAddress } from './node-address.ts'
import { NodeIdentity, type Incarnation } from './node-identity.ts'
import type { ChannelProof } from './transport.ts'
import { commonVersion, wireVersions, type Prelude } from './wire.ts'

/** What an endpoint knows when it decides. */
export interface HandshakeContext {
  readonly self: NodeIdentity
  readonly clusterName: string
  readonly configDigest?: string
  /** The endpoint is being disposed of. */
  readonly closing: boolean
  /** The highest incarnation met or expected at the peer's address. */
  readonly knownIncarnation?: Incarnation
  /** The highest incarnation at the peer's address that was removed from the cluster. */
  readonly removedIncarnation?: Incarnation
  /** The peer's address, or the certificate that it shows, was evicted. */
  readonly isForbidden?: boolean
  /** As what the one at the peer's address has proved itself, while there is something with it. */
  readonly knownTrust?: Trust
  /** What there is already on the lane in question, between us and the peer's address. */
  readonly lane: LaneView
  /** What the channel has verified of the peer; `required` where every channel has to. */
  readonly proof?: ChannelProof | 'required'
}

export type LaneView =
  | { readonly type: 'idle' }
  /** Our own dial, to `expected` or to whoever lives there. */
  | { readonly type: 'dialling'; readonly helloSent: boolean; readonly expected?: Incarnation }
  /** A connection to `incarnation`, made when the peer's sequence stood at `peerSequence`. */
  | { readonly type: 'open'; readonly incarnation: Incarnation; readonly peerSequence: number }

/**
 * The word of either side on the other's prelude. Refusals are read at the other end, so their texts
 * name nodes, never "here" or "there".
 *
 * @param other - the address dialled, or the host that a dialler comes from
 */
export function decidePrelude(
  prelude: Prelude,
  other: NodeAddress | string,
  self: NodeIdentity,
): Refusal | undefined {
  if (commonVersion(prelude) !== undefined) return undefined
  const theirs = `${other} speaks wire versions ${prelude.minVersion} to ${prelude.maxVersion}`
  const detail = `${theirs}, ${self.address} ${wireVersions.min} to ${wireVersions.max}`
  return { reason: 'wire-version', detail }
}

/** The acceptor's word on how a dialler is going to prove itself: a node with a secret talks to none without. */
export function decideCredential(
  { identity, nonce }: Hello,
  purpose: ProofPurpose,
  self: NodeIdentity,
  authentication: Authentication | undefined,
): Refusal | undefined {
  const theirs = identity.address
  const ours = self.address
  const lacking = (who: NodeAddress, other: NodeAddress): Refusal => {
    const detail = `${other} has a secret that peers must prove, ${who} was given none`
    return { reason: 'authentication', detail }
  }
  if (authentication === undefined) return nonce === undefined ? undefined : lacking(ours, theirs)
  if (nonce === undefined) return lacking(theirs, ours)
  if (authentication.isFor(purpose)) return undefined
  const detail = `${ours} was given no secret for connections between a ${purpose.acceptor} and a ${purpose.dialler}`
  return { reason: 'authentication', detail }
}

export type HelloDecision =
  /** Whatever else there is on the lane ends: our own dial, an older connection, an older life. */
  { readonly type: 'accept' } | { readonly type: 'refuse'; readonly refusal: Refusal }

/** The acceptor's word on a hello, but for the wire version before it and the owner's after it. */
export function decideHello(hello: Hello, context: HandshakeContext): HelloDecision {
  const refusal = refuseParty(hello, context) ?? refuseTarget(hello, context)
  if (refusal !== undefined) return { type: 'refuse', refusal }
  const { self, lane } = context
  const { incarnation } = hello.identity
  if (lane.type === 'dialling' && lane.helloSent && targets(lane.expected, incarnation)) {
    // The other end compares the same two identities.
    if (NodeIdentity.compare(self, hello.identity) < 0) return duplicate(self)
  }
  if (lane.type === 'open' && lane.incarnation === incarnation) {
    // An older word than the one that made our connection: the peer has moved on since.
    if (hello.sequence < lane.peerSequence) return duplicate(self)
  }
  return { type: 'accept' }
}

export type WelcomeDecision =
  | { readonly type: 'accept' }
  /** The peer believes in another connection, which we hold: this one is closed without a word. */
  | { readonly type: 'superseded' }
  | { readonly type: 'refuse'; readonly refusal: Refusal }

/** The dialler's word on a welcome. `expected` is whom it dialled, if it knew. */
export function decideWelcome(
  welcome: Welcome,
  expected: NodeIdentity | undefined,
  context: HandshakeContext,
): WelcomeDecision {
  const refusal = refuseParty(welcome, context) ?? refuseAnswerer(welcome, expected)
  if (refusal !== undefined) return { type: 'refuse', refusal }
  const { lane } = context
  const held = lane.type === 'open' && lane.incarnation === welcome.identity.incarnation
  if (held && welcome.sequence < lane.peerSequence) return { type: 'superseded' }
  return { type: 'accept' }
}

/** What both sides check of each other, cheapest first. */
function refuseParty(party: HandshakeParty, context: HandshakeContext): Refusal | undefined {
  const { self, clusterName, configDigest, knownIncarnation, removedIncarnation } = context
  const { address, incarnation } = party.identity
  if (context.closing) {
    return { reason: 'closing', actual: self, detail: `${self} is shutting down` }
  }
  if (party.clusterName !== clusterName) {
    const theirs = `${address} belongs to cluster ${quote(party.clusterName)}`
    const detail = `${theirs}, ${self.address} to ${quote(clusterName)}`
    return { reason: 'cluster-name', detail }
  }
  const stranger = refuseStranger(party, context)
  if (stranger !== undefined) return stranger
  if (context.isForbidden === true) {
    const detail = `${address}, or the certificate that it shows, was evicted`
    return { reason: 'forbidden', actual: self, detail }
  }
  const digest = party.configDigest
  if (configDigest !== undefined && digest !== undefined && digest !== configDigest) {
    const shared = sharedWords(digest, configDigest)
    const theirs = `${address} has ${quote(digest.slice(shared))}`
    const ours = `${self.address} ${quote(configDigest.slice(shared))}`
    const detail = `settings that must agree differ: ${theirs}, ${ours}`
    return { reason: 'config', actual: self, detail }
  }
  if (party.identity.equals(self)) {
    return { reason: 'self', actual: self, detail: `${self} dialled itself` }
  }
  if (context.knownTrust === 'member' && party.trust === 'client') {
    const detail = `${self.address} knows ${address} as a member, which no client is taken for`
    return { reason: 'authentication', actual: self, detail }
  }
  if (removedIncarnation === incarnation) {
    const detail = `${party.identity} was removed from the cluster; start again with a new incarnation`
    return { reason: 'removed', actual: self, knownIncarnation: incarnation, detail }
  }
  const newest = Math.max(knownIncarnation ?? 0, removedIncarnation ?? 0)
  if (incarnation < newest) {
    const known = knownIncarnation === newest ? knownIncarnation : removedIncarnation
    const detail = `${self.address} knows ${address} in incarnation ${newest}, newer than ${incarnation}`
    return {
      reason: 'stale-incarnation',
      actual: self,
      ...(known !== undefined && { knownIncarnation: known }),
      detail,
    }
  }
  return undefined
}

/** A certificate of the cluster's authority is not enough: it must be the node's own. */
function refuseStranger(
  { identity: { address } }: HandshakeParty,
  { self, clusterName, proof }: HandshakeContext,
): Refusal | undefined {
  if (proof === undefined) return undefined
  if (proof !== 'required' && isMadeOutTo(proof.names, clusterName, address)) return undefined
  const [wanted] = certificateNames(clusterName, address)
  const shown = proof === 'required' ? 'nobody' : proof.names.join(', ')
  const detail = `the certificate of ${address} is made out to ${quote(shown)}, not to ${wanted}`
  return { reason: 'identity', actual: self, detail }
}

function refuseTarget(hello: Hello, { self }: HandshakeContext): Refusal | undefined {
  if (hello.expected === undefined) return undefined
  const wanted = NodeIdentity.of(hello.dialled, hello.expected)
  if (wanted.equals(self)) return undefined
  return {
    reason: 'wrong-incarnation',
    actual: self,
    detail: `${wanted} was dialled, ${self} answers`,
  }
}

function refuseAnswerer(welcome: Welcome, expected: NodeIdentity | undefined): Refusal | undefined {
  if (expected === undefined || expected.equals(welcome.identity)) return undefined
  const detail = `${expected} was dialled, ${welcome.identity} answers`
  return { reason: 'wrong-incarnation', actual: welcome.identity, detail }
}

function targets(expected: Incarnation | undefined, incarnation: Incarnation): boolean {
  return expected === undefined || expected === incarnation
}

function duplicate(self: NodeIdentity): HelloDecision {
  const detail = `the other connection with ${self} is kept`
  return { type: 'refuse', refusal: { reason: 'duplicate', actual: self, detail } }
}

/** Length of the words that both begin with: of long texts only what differs is of interest. */
function sharedWords(left: string, right: string): number {
  let shared = 0
  for (let at = 0; at < left.length && left[at] === right[at]; at++) {
    if (left[at] === ' ') shared = at + 1
  }
  return shared
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)
}
