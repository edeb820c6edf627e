// The two ends' parts in proving a shared secret, for one connection each:
//
//   dialler   → hello, with a nonce
//   acceptor  → challenge: who it is, and a nonce; nothing yet that was made of the secret
//   dialler   → proof over all that was said
//   acceptor  → proof over all of that and its answer, then the answer: welcome or refusal
import type { Authentication, ProofExchange, ProofPurpose, Trust } from './authentication.ts'
import type { Refusal } from './endpoint-types.ts'
import type { Challenge, Hello, Welcome } from './handshake-messages.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'
import { heeded, unvouched } from './refusal.ts'
import { acceptorsTranscript, diallersTranscript, type Opening } from './transcript.ts'
import { frameTypes, wireVersions, type Prelude } from './wire.ts'

const ours: Prelude = { minVersion: wireVersions.min, maxVersion: wireVersions.max }

/** The dialler's part. */
export class DiallersProof {
  readonly #authentication: Authentication
  readonly #exchange: ProofExchange
  readonly #trust: Trust
  readonly #binding: Uint8Array | undefined
  #hello: Uint8Array = new Uint8Array(0)
  #said:
    | {
        readonly opening: Opening
        readonly purpose: ProofPurpose
        readonly challenge: Challenge
        readonly proof: Uint8Array
      }
    | undefined
  #answered: Uint8Array | undefined

  constructor(authentication: Authentication, trust: Trust, binding: Uint8Array | undefined) {
    this.#authentication = authentication
    this.#exchange = authentication.begin()
    this.#trust = trust
    this.#binding = binding
  }

  get nonce(): Uint8Array {
    return this.#exchange.nonce
  }

  /** @param hello - the body of the frame */
  greeted(hello: Uint8Array): void {
    this.#hello = hello
  }

  /** @returns what to answer to the challenge; undefined where it comes unasked, or nothing can be proved to such a one */
  challenged(challenge: Challenge, body: Uint8Array, acceptor: Prelude): Uint8Array | undefined {
    const purpose: ProofPurpose = { dialler: this.#trust, acceptor: challenge.trust }
    if (this.#said !== undefined || !this.#authentication.isFor(purpose)) return undefined
    const opening: Opening = {
      dialler: ours,
      acceptor,
      binding: this.#binding,
      hello: this.#hello,
      challenge: body.slice(),
    }
    const proof = this.#exchange.prove(purpose, diallersTranscript(opening))
    this.#said = { opening, purpose, challenge, proof }
    return proof
  }

  /** The other end's proof is there, for the answer that comes next. */
  answered(proof: Uint8Array): void {
    this.#answered ??= proof
  }

  /** Whether a welcome was proved, by the one that sent the challenge. */
  welcomes(welcome: Welcome, body: Uint8Array): boolean {
    const challenge = this.#said?.challenge
    if (!this.#vouchesFor(frameTypes.welcome, body) || challenge === undefined) return false
    return welcome.identity.equals(challenge.identity) && welcome.trust === challenge.trust
  }

  /**
   * What to make of a refusal: who has proved nothing tells nothing about lives and members.
   *
   * @param self - who dialled `address`
   */
  refuses(refusal: Refusal, body: Uint8Array, address: NodeAddress, self: NodeIdentity): Refusal {
    const challenge = this.#said?.challenge
    if (challenge !== undefined && this.#vouchesFor(frameTypes.refusal, body)) {
      return heeded(refusal, challenge, self)
    }
    return unvouched(refusal, unproven(`${address} refused for ${refusal.reason}`))
  }

  #vouchesFor(frameType: number, body: Uint8Array): boolean {
    if (this.#said === undefined || this.#answered === undefined) return false
    const { opening, purpose, proof } = this.#said
    const transcript = acceptorsTranscript({ opening, proof, frameType, body })
    return this.#exchange.verify(purpose, transcript, this.#answered)
  }
}

/** The acceptor's part, from the hello on. */
export class AcceptorsProof {
  readonly hello: Hello
  readonly #exchange: ProofExchange
  readonly #purpose: ProofPurpose
  readonly #opening: Omit<Opening, 'challenge'>
  #proved: { readonly opening: Opening; readonly proof: Uint8Array } | undefined
  #challenge: Uint8Array = new Uint8Array(0)

  /** @param body - of the hello, copied */
  constructor(
    hello: Hello,
    said: { readonly body: Uint8Array; readonly prelude: Prelude; readonly binding?: Uint8Array },
    purpose: ProofPurpose,
    authentication: Authentication,
  ) {
    this.hello = hello
    this.#exchange = authentication.begin()
    this.#purpose = purpose
    const { body, prelude, binding } = said
    this.#opening = { dialler: prelude, acceptor: ours, binding, hello: body.slice() }
  }

  challenge(identity: NodeIdentity): Challenge {
    const { nonce } = this.#exchange
    return { type: 'challenge', identity, trust: this.#purpose.acceptor, nonce }
  }

  /** @param challenge - the body of the frame */
  challenged(challenge: Uint8Array): void {
    this.#challenge = challenge
  }

  verify(proof: Uint8Array): boolean {
    const opening: Opening = { ...this.#opening, challenge: this.#challenge }
    const isProved = this.#exchange.verify(this.#purpose, diallersTranscript(opening), proof)
    if (isProved) this.#proved = { opening, proof }
    return isProved
  }

  /** Vouches for the answer; undefined while the other end has proved nothing. */
  vouchFor(frameType: number, body: Uint8Array): Uint8Array | undefined {
    if (this.#proved === undefined) return undefined
    const { opening, proof } = this.#proved
    const transcript = acceptorsTranscript({ opening, proof, frameType, body })
    return this.#exchange.prove(this.#purpose, transcript)
  }
}

export function unproven(what: string): Refusal {
  const detail = `${what}, without a proof of the secret that both must know`
  return { reason: 'authentication', detail }
}
