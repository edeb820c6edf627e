import type { NodeAddress } from './node-address.ts'

/** Who is evicted: whoever has an address, in every life, or whoever shows a certificate, at every address. */
export type Forbidden =
  | { readonly address: NodeAddress }
  /** SHA-256 of the certificate: 64 hexadecimal digits, of either case, with colons or without. */
  | { readonly fingerprint: string }

/**
 * A fingerprint as `ChannelProof.fingerprint` has it. `openssl` and `X509Certificate` show them in capitals, with colons:
 * compared as they are, they would be nobody's.
 *
 * @returns undefined for what is no SHA-256
 */
export function canonicalFingerprint(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toLowerCase()
  return /^[0-9a-f]{64}$/.test(digits) ? digits : undefined
}

/** Bounded: those forbidden last are remembered, 4,096 of them unless told otherwise. */
export class ForbiddenPeers {
  readonly #keys = new Set<string>()
  readonly #max: number

  constructor(max = 4_096) {
    this.#max = max
  }

  add(forbidden: Forbidden): void {
    const key = keyOf(forbidden)
    this.#keys.delete(key)
    this.#keys.add(key)
    for (const oldest of this.#keys) {
      if (this.#keys.size <= this.#max) return
      this.#keys.delete(oldest)
    }
  }

  /** @param fingerprint - of the certificate that was shown there, if one was */
  has(address: NodeAddress, fingerprint: string | undefined): boolean {
    if (this.#keys.size === 0) return false
    if (this.#keys.has(keyOf({ address }))) return true
    return fingerprint !== undefined && this.#keys.has(keyOf({ fingerprint }))
  }
}

function keyOf(forbidden: Forbidden): string {
  if ('address' in forbidden) return `${forbidden.address}`
  const { fingerprint } = forbidden
  return `certificate ${canonicalFingerprint(fingerprint) ?? fingerprint}`
}
