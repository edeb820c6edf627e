// Copies of one replica that go further than what its owner has: they are taken over, one after the other.
import { ArrivingCopy } from './arriving-copy.ts'
import type { ShardCopies } from './copies.ts'
import { compareCopies } from './copy-version.ts'
import type { Piece } from './copy.ts'
import type { Lineage } from './lineage.ts'
import type { ListedCopy } from './messages.ts'

/** What came of a piece. */
export type Pulled =
  /** The next one begins there. */
  | { readonly type: 'more'; readonly id: string; readonly offset: number }
  | { readonly type: 'installed'; readonly pieces: readonly Piece[] }
  | { readonly type: 'no-room'; readonly id: string }
  /** What is here is of another lineage by now. */
  | { readonly type: 'other-lineage' }
  /** It is of no use: there is no such copy, or what is here goes further by now. */
  | { readonly type: 'nothing' }

/** Mutable. What is taken over is of the lineage of what is here, or the first that is here. */
export class PulledCopies {
  readonly #copies: ShardCopies
  readonly #ids: string[] = []
  /** Pieces of the one that is under way. */
  readonly #arriving = new ArrivingCopy()
  /** Of what the replica has, as it told. */
  #lineage: Lineage | undefined

  constructor(copies: ShardCopies) {
    this.#copies = copies
  }

  /** The replica tells of what it has: each of them is to be looked at. */
  comeFrom(lineage: Lineage | undefined): void {
    this.#lineage = lineage
  }

  /** It has that. */
  told({ id, version }: ListedCopy): void {
    if (compareCopies(version, this.#copies.version(id)) > 0) this.#ids.push(id)
  }

  /** An id that went further there when it was told of. */
  next(): string | undefined {
    return this.#ids.shift()
  }

  /** @param piece - undefined where the replica has nothing of the id */
  take(piece: Piece | undefined): Pulled {
    const next = piece && this.#arriving.take(piece)
    if (piece && next !== undefined && !piece.isLast) {
      return { type: 'more', id: piece.id, offset: next }
    }
    const pieces = this.#arriving.takeAll()
    return piece && next !== undefined ? this.#install(piece.id, pieces) : { type: 'nothing' }
  }

  #install(id: string, pieces: readonly Piece[]): Pulled {
    const { lineage } = this.#copies
    // Something was written here while the replica told.
    if (lineage && this.#lineage && lineage.bornIn !== this.#lineage.bornIn) {
      return { type: 'other-lineage' }
    }
    if (this.#lineage && !lineage) this.#copies.comeFrom(this.#lineage)
    const outcome = this.#copies.install(pieces)
    if (outcome === 'installed') return { type: 'installed', pieces }
    return outcome === 'no-room' ? { type: 'no-room', id } : { type: 'nothing' }
  }

  clear(): void {
    this.#ids.length = 0
    this.#arriving.clear()
  }
}
