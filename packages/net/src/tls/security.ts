import type { InsecurityReason } from '@casty/transport'
import { Certificates } from './certificates.ts'
import { noInsecurity, type InsecurityCounters } from './insecurity.ts'
import { resolveTlsOptions, type ResolvedTlsOptions, type TlsOptions } from './tls-options.ts'

/** What all connections of one transport share: whom it is and trusts, its bounds, and its counts. */
export class Security {
  readonly options: ResolvedTlsOptions
  readonly certificates: Certificates
  readonly #counts: Record<keyof InsecurityCounters, number> = { ...noInsecurity }

  /** @throws TransportError `CASTY_TRANSPORT_INVALID_OPTION`, `CASTY_TRANSPORT_BAD_CERTIFICATE` */
  constructor(options: TlsOptions) {
    this.options = resolveTlsOptions(options)
    this.certificates = new Certificates(this.options)
  }

  count(reason: keyof InsecurityCounters): void {
    this.#counts[reason]++
  }

  counters(): InsecurityCounters {
    return { ...this.#counts }
  }

  /** Whether the list of names, where there is one, has any of these. */
  allows(names: readonly string[]): boolean {
    const { allow } = this.options
    return allow === undefined || names.some((name) => allow.includes(name))
  }
}

/** A word of one byte by which an acceptor ends the handshake: its place in this list. */
const words: readonly ('trusted' | InsecurityReason)[] = [
  'trusted',
  'plaintext',
  'protocol',
  'no-certificate',
  'untrusted',
  'expired',
  'not-yet-valid',
  'not-allowed',
  'ended',
]

/** The word that ends an acceptor's handshake, to be its first byte on the connection. */
export function encodeWord(word: 'trusted' | InsecurityReason): Uint8Array {
  return Uint8Array.of(words.indexOf(word))
}

/** One of a later version says no as well. */
export function decodeWord(byte: number | undefined): 'trusted' | InsecurityReason {
  return (byte === undefined ? undefined : words[byte]) ?? 'protocol'
}
