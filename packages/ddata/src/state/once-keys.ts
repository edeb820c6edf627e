// Calls that carry a key of their caller: the same key has one effect, whichever process calls.
import type { ByteReader } from '@casty/transport'
import { digestOf } from './digest.ts'
import { endOf } from './ends.ts'
import { inPieces } from './pieces.ts'

/** How long a key is remembered, in milliseconds of the clock of the part. */
export const onceKeyMs = 300_000
/** The oldest are forgotten first. */
export const maxOnceKeys = 10_000
/** Of keys and answers. */
export const maxOnceBytes = 4_194_304

interface Remembered {
  /** Of the call, which may be large. */
  readonly digest: number
  readonly until: number
  readonly answer: Uint8Array
}

export class OnceKeys {
  /** In the order in which they were added, which is that in which they end. */
  readonly #keys = new Map<string, Remembered>()
  #bytes = 0

  get size(): number {
    return this.#keys.size
  }

  /** What they take when they are saved, at least. */
  get bytes(): number {
    return this.#bytes
  }

  /** @returns the answer of the call of that key; `other` where that was another call */
  find(key: string, call: Uint8Array, now: number): Uint8Array | 'other' | undefined {
    const known = this.#keys.get(key)
    if (!known || known.until <= now) return undefined
    return known.digest === digestOf(call) ? known.answer : 'other'
  }

  remember(key: string, call: Uint8Array, answer: Uint8Array, now: number): void {
    this.#forget(key)
    this.#add(key, { digest: digestOf(call), answer, until: endOf(now, onceKeyMs) })
    for (const [oldest, { until }] of this.#keys) {
      if (until > now && this.#keys.size <= maxOnceKeys && this.#bytes <= maxOnceBytes) break
      this.#forget(oldest)
    }
  }

  #add(key: string, remembered: Remembered): void {
    this.#keys.set(key, remembered)
    this.#bytes += bytesOf(key, remembered)
  }

  #forget(key: string): void {
    const known = this.#keys.get(key)
    if (!known) return
    this.#keys.delete(key)
    this.#bytes -= bytesOf(key, known)
  }

  save(pieceBytes: number): Iterable<Uint8Array> {
    return inPieces(this.#keys, pieceBytes, (out, [key, { digest, until, answer }]) => {
      out.string(key, Number.MAX_SAFE_INTEGER).varint(until).varint(digest)
      out.bytes(answer, answer.length)
    })
  }

  restore(from: ByteReader): void {
    while (from.remaining > 0) {
      const key = from.string(Number.MAX_SAFE_INTEGER)
      const until = from.varint()
      const digest = from.varint()
      this.#add(key, { digest, until, answer: from.bytes(from.remaining) })
    }
  }
}

function bytesOf(key: string, { answer }: Remembered): number {
  return key.length + answer.length
}
