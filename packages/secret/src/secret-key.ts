import type { ProofPurpose } from '@casty/transport'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'

const encoder = new TextEncoder()
const salt = encoder.encode('casty shared secret 1')

/** One secret, of which a key is made for each purpose: what one of them signs is worth nothing for another. */
export class SecretKey {
  readonly #secret: Uint8Array
  readonly #keys = new Map<string, Uint8Array>()

  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  /** HMAC-SHA-256 (RFC 2104). */
  sign(purpose: ProofPurpose, transcript: Uint8Array): Uint8Array {
    return hmac(sha256, this.#keyFor(purpose), transcript)
  }

  isSame(other: SecretKey): boolean {
    return equalBytes(this.#secret, other.#secret)
  }

  /** HKDF-SHA-256 (RFC 5869). */
  #keyFor({ dialler, acceptor }: ProofPurpose): Uint8Array {
    const purpose = `handshake, dialler: ${dialler}, acceptor: ${acceptor}`
    const known = this.#keys.get(purpose)
    if (known !== undefined) return known
    const key = hkdf(sha256, this.#secret, salt, encoder.encode(purpose), 32)
    this.#keys.set(purpose, key)
    return key
  }
}

/** Looks at all bytes, so that the time it takes does not tell where the first difference is. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (let index = 0; index < left.length; index++) {
    difference |= (left[index] ?? 0) ^ (right[index] ?? 0)
  }
  return difference === 0
}
