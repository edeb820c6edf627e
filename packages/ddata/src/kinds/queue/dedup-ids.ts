import type { ByteReader } from '@casty/transport'
import { endOf } from '../../state/ends.ts'
import { inPieces } from '../../state/pieces.ts'
import { maxDedupIdBytes } from './queue-calls.ts'

interface Deduplicated {
  readonly number: number
  readonly until: number
}

/** The oldest are forgotten first. */
const maxDedupIds = 100_000

/** Ids of items that came lately, and the numbers of these. An empty one is none. */
export class DedupIds {
  /** The oldest first. */
  readonly #ids = new Map<string, Deduplicated>()

  find(id: string, now: number): number | undefined {
    const known = id === '' ? undefined : this.#ids.get(id)
    return known && known.until > now ? known.number : undefined
  }

  remember(id: string, number: number, windowMs: number, now: number): void {
    if (id === '') return
    this.#ids.delete(id)
    this.#ids.set(id, { number, until: endOf(now, windowMs) })
    for (const [oldest, { until }] of this.#ids) {
      if (until > now && this.#ids.size <= maxDedupIds) return
      this.#ids.delete(oldest)
    }
  }

  clear(): void {
    this.#ids.clear()
  }

  /** @param kind - what each piece begins with */
  save(kind: number, pieceBytes: number): Iterable<Uint8Array> {
    return inPieces(
      this.#ids,
      pieceBytes,
      (out, [id, { number, until }]) => {
        out.string(id, maxDedupIdBytes).varint(number).varint(until)
      },
      (out) => out.u8(kind),
    )
  }

  restoreOne(from: ByteReader): void {
    const id = from.string(maxDedupIdBytes)
    this.#ids.set(id, { number: from.varint(), until: from.varint() })
  }
}
