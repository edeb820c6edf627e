// A copy that arrives in pieces, one after the other.
import { compareCopies } from './copy-version.ts'
import { sizeOfPiece, type Piece } from './copy.ts'

/** Mutable. Pieces of one version of one id: another one begins anew. */
export class ArrivingCopy {
  #pieces: Piece[] = []
  #sizeBytes = 0

  /** What has arrived. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Adds the next piece. @returns where the one after it begins; undefined where it is not the next: then nothing is here */
  take(piece: Piece): number | undefined {
    if (piece.offset === 0) this.clear()
    const [first] = this.#pieces
    const last = this.#pieces.at(-1)
    const isSame =
      !first || (first.id === piece.id && compareCopies(first.version, piece.version) === 0)
    if (!isSame || piece.offset !== (last ? endOf(last) : 0)) {
      this.clear()
      return undefined
    }
    this.#pieces.push(piece)
    this.#sizeBytes += sizeOfPiece(piece)
    return endOf(piece)
  }

  /** All pieces that have arrived: nothing is here any more. */
  takeAll(): readonly Piece[] {
    const pieces = this.#pieces
    this.clear()
    return pieces
  }

  clear(): void {
    this.#pieces = []
    this.#sizeBytes = 0
  }
}

function endOf({ offset, events, snapshots }: Piece): number {
  return offset + events.length + snapshots.length
}
