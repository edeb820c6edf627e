// All copies of a shard as they are, written behind what was done to them so far, which is of no use from then on.
import type { JournalLimits, JournalRecord } from '@casty/persistence'
import type { ShardCopies } from './copies.ts'
import { lineageRecord, pieceRecord } from './copy-records.ts'
import type { Piece } from './copy.ts'
import { pieceBytes } from './replica.ts'

/** Taken at once, about, in bytes: what is written meanwhile comes in between. */
const rewriteBytes = 1_048_576
/** Copies are written anew when so much was written since, in bytes, and twice as much as they are. */
const minLogBytes = 1_048_576

/** Whether a log is so long that it is time to write all copies anew. */
export function isRewriteDue(bytesSince: number, copiesBytes: number): boolean {
  return bytesSince > Math.max(minLogBytes, 2 * copiesBytes)
}

/** Mutable. Of ids that come later nothing is written anew: all that was done to them is behind `upTo`. */
export class CopyRewriting {
  /** Up to there nothing is needed once all are written. */
  readonly upTo: number
  readonly #copies: ShardCopies
  /** Those whose copies have yet to be written. */
  readonly #ids: string[]

  constructor(copies: ShardCopies, upTo: number) {
    this.upTo = upTo
    this.#copies = copies
    this.#ids = [...copies.ids()]
  }

  get isDone(): boolean {
    return this.#ids.length === 0
  }

  /** Some more whole copies, behind their lineage, as they are right now. */
  next(timestamp: number): readonly JournalRecord[] {
    const { lineage } = this.#copies
    const records = lineage ? [lineageRecord(lineage, timestamp)] : []
    for (let room = rewriteBytes; room > 0;) {
      const id = this.#ids.pop()
      if (id === undefined) break
      for (const piece of piecesOf(this.#copies, id)) {
        const record = pieceRecord(piece, timestamp)
        records.push(record)
        room -= record.bytes.length
      }
    }
    return records
  }
}

function* piecesOf(copies: ShardCopies, id: string): Generator<Piece> {
  const copy = copies.find(id)?.frozen()
  if (!copy) return
  for (let offset = 0; ;) {
    const piece = copy.piece(offset, pieceBytes)
    yield piece
    if (piece.isLast) return
    offset += piece.events.length + piece.snapshots.length
  }
}

/** In parts that may be appended at once: some copies are larger than that. */
export function inAppends(
  records: readonly JournalRecord[],
  { maxBatchEvents, maxBatchBytes }: Pick<JournalLimits, 'maxBatchEvents' | 'maxBatchBytes'>,
): readonly (readonly JournalRecord[])[] {
  let part: JournalRecord[] = []
  const parts = [part]
  let room = maxBatchBytes
  for (const record of records) {
    if (part.length > 0 && (record.bytes.length > room || part.length >= maxBatchEvents)) {
      parts.push((part = []))
      room = maxBatchBytes
    }
    part.push(record)
    room -= record.bytes.length
  }
  return parts
}
