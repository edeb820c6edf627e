// Calls with a key that wait for their turn. Another one of the same key waits along with the first: they have one effect,
// and get one answer.
import type { ByteReader } from '@casty/transport'
import { keyOf, readCallId, writeCallId } from './call-id.ts'
import type { CallId } from './machine.ts'
import { inPieces } from './pieces.ts'

export interface UnderWay {
  readonly key: string
  readonly call: Uint8Array
  /** The machine knows of the first of them. */
  readonly waiting: readonly CallId[]
}

export class KeysUnderWay {
  readonly #byKey = new Map<string, UnderWay>()
  readonly #keys = new Map<string, string>()

  find(key: string): UnderWay | undefined {
    return this.#byKey.get(key)
  }

  /** @param call - may be part of what was received: it is copied */
  join(key: string, call: Uint8Array, id: CallId): void {
    const known = this.#byKey.get(key) ?? { key, call: call.slice(), waiting: [] }
    this.#byKey.set(key, { ...known, waiting: [...known.waiting, id] })
    this.#keys.set(keyOf(id), key)
  }

  /** It waits no more. @returns those that wait still, if it had a key, and whether it was the first */
  leave(id: CallId): (UnderWay & { readonly isFirst: boolean }) | undefined {
    const key = this.#keys.get(keyOf(id))
    const known = key === undefined ? undefined : this.#byKey.get(key)
    if (!known) return undefined
    this.#keys.delete(keyOf(id))
    const waiting = known.waiting.filter((other) => keyOf(other) !== keyOf(id))
    const left = { ...known, waiting }
    if (waiting.length > 0) this.#byKey.set(known.key, left)
    else this.#byKey.delete(known.key)
    return { ...left, isFirst: waiting[0] !== known.waiting[0] }
  }

  save(pieceBytes: number): Iterable<Uint8Array> {
    return inPieces(this.#byKey.values(), pieceBytes, (out, { key, call, waiting }) => {
      out.string(key, Number.MAX_SAFE_INTEGER).bytes(call, call.length).count(waiting.length)
      for (const id of waiting) writeCallId(out, id)
    })
  }

  restore(from: ByteReader): void {
    while (from.remaining > 0) {
      const key = from.string(Number.MAX_SAFE_INTEGER)
      const call = from.bytes(from.remaining)
      for (let left = from.count(1); left > 0; left--) this.join(key, call, readCallId(from))
    }
  }
}
