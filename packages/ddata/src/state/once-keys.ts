// Calls that carry a key of their caller: the same key has one effect, whichever process calls.
import type { ByteReader } from '@casty/transport'
import { endOf } from './ends.ts'
import { inPieces } from './pieces.ts'

/** How long a key is remembered, in milliseconds of the clock of the part. */
export const onceKeyMs = 300_000
/** The oldest are forgotten first. */
export const maxOnceKeys = 10_000

interface Remembered {
  readonly call: Uint8Array
  readonly until: number
  readonly answer: Uint8Array
}

export class OnceKeys {
  /** In the order in which they were added, which is that in which they end. */
  readonly #keys = new Map<string, Remembered>()

  get size(): number {
    return this.#keys.size
  }

  /** @returns the answer of the call of that key; `other` where that was another call */
  find(key: string, call: Uint8Array, now: number): Uint8Array | 'other' | undefined {
    const known = this.#keys.get(key)
    if (!known || known.until <= now) return undefined
    return sameBytes(known.call, call) ? known.answer : 'other'
  }

  remember(key: string, call: Uint8Array, answer: Uint8Array, now: number): void {
    this.#keys.delete(key)
    // The call is part of what came with many others, which need not be kept for it.
    this.#keys.set(key, { call: call.slice(), answer, until: endOf(now, onceKeyMs) })
    for (const [oldest, { until }] of this.#keys) {
      if (until > now && this.#keys.size <= maxOnceKeys) break
      this.#keys.delete(oldest)
    }
  }

  save(pieceBytes: number): Iterable<Uint8Array> {
    return inPieces(this.#keys, pieceBytes, (out, [key, { call, until, answer }]) => {
      out.string(key, Number.MAX_SAFE_INTEGER).varint(until)
      out.bytes(call, call.length).bytes(answer, answer.length)
    })
  }

  restore(from: ByteReader): void {
    while (from.remaining > 0) {
      const key = from.string(Number.MAX_SAFE_INTEGER)
      const until = from.varint()
      const call = from.bytes(from.remaining)
      this.#keys.set(key, { until, call, answer: from.bytes(from.remaining) })
    }
  }
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
