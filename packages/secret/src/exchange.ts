import type { ProofExchange, ProofPurpose } from '@casty/transport'
import { equalBytes, type SecretKey } from './secret-key.ts'

/** The secrets in force: of each kind the first one signs, all are accepted. */
export interface KeyRing {
  readonly member: readonly SecretKey[]
  readonly client: readonly SecretKey[]
}

/** Which secrets a connection is about: between members those of members, else those of clients. */
export function keysFor({ dialler, acceptor }: ProofPurpose, ring: KeyRing): readonly SecretKey[] {
  return dialler === 'member' && acceptor === 'member' ? ring.member : ring.client
}

/** One end's part in one handshake, by the secrets that were in force when it began. */
export class SecretExchange implements ProofExchange {
  readonly nonce: Uint8Array
  readonly #ring: KeyRing
  /** The one that this connection is about: that we signed by, or that the other end did. */
  #key: SecretKey | undefined

  constructor(ring: KeyRing, nonce: Uint8Array) {
    this.#ring = ring
    this.nonce = nonce
  }

  prove(purpose: ProofPurpose, transcript: Uint8Array): Uint8Array {
    this.#key ??= keysFor(purpose, this.#ring)[0]
    // Asked for only where `isFor` holds. Should it be asked all the same, nothing fits what is answered.
    return this.#key?.sign(purpose, transcript) ?? new Uint8Array(32)
  }

  verify(purpose: ProofPurpose, transcript: Uint8Array, proof: Uint8Array): boolean {
    const candidates = this.#key ? [this.#key] : keysFor(purpose, this.#ring)
    // All are tried, also behind the one that fits: the time it takes does not tell which.
    const fitting = candidates.filter((key) => equalBytes(key.sign(purpose, transcript), proof))
    this.#key ??= fitting[0]
    return fitting.length > 0
  }
}
