// The state of a part as it was saved last. It goes in pieces into a sequence of events of its own, since it may be larger than
// anything that a journal takes at once; it counts once its end is there.
import type { EventJournal } from '@casty/persistence'
import { ByteReader, ByteWriter } from '@casty/transport'
import type { PartState } from '../state/part-state.ts'
import { Sequence, sizeOf } from './sequence.ts'

const manifests = {
  /** A piece, or what it ends with. */
  piece: 'ddata-state',
  /** What comes before that where a piece is long: what one session was answered may be, or what waits in one place. */
  fragment: 'ddata-state-fragment',
  /** Where it began, and up to which record it goes. */
  end: 'ddata-state-end',
} as const

/** Mutable. */
export class SavedState {
  readonly #sequence: Sequence
  readonly #maxBytes: number
  #bytes = 0
  /** Where the sequence ends is not known. */
  #mustLook = false

  private constructor(sequence: Sequence, maxBytes: number) {
    this.#sequence = sequence
    this.#maxBytes = maxBytes
  }

  /** @param pieceBytes - about so long are pieces; none is written that is longer than twice that */
  static async claim(
    journal: EventJournal,
    id: string,
    epoch: number,
    pieceBytes: number,
  ): Promise<SavedState> {
    return new SavedState(await Sequence.claim(journal, `${id}#state`, epoch), 2 * pieceBytes)
  }

  /** What it takes in the journal, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** @returns up to which record it goes; 0 where nothing was saved */
  async restore(state: PartState): Promise<number> {
    const { from, to, upTo } = await this.#find()
    if (to === 0) return 0
    let fragments: Uint8Array[] = []
    for await (const { bytes, manifest } of this.#sequence.events(from, to)) {
      if (manifest === manifests.end) break
      this.#bytes += sizeOf(bytes)
      fragments.push(bytes)
      if (manifest === manifests.fragment) continue
      state.restore(fragments.length === 1 ? bytes : joined(fragments))
      fragments = []
    }
    return upTo
  }

  /** Where the last one that has its end begins and ends. */
  async #find(): Promise<{ readonly from: number; readonly to: number; readonly upTo: number }> {
    let found = { from: 0, to: 0, upTo: 0 }
    for await (const { manifest, bytes, sequenceNr } of this.#sequence.events(
      this.#sequence.first,
    )) {
      if (manifest !== manifests.end) continue
      const end = new ByteReader(bytes)
      const [from, upTo] = [end.varint(), end.varint()]
      found = { from, to: sequenceNr, upTo }
    }
    return found
  }

  /**
   * Piece by piece, as the journal takes them: what a part does meanwhile goes in between.
   *
   * @param upTo - the last record that is in it
   * @returns whether it is there, since it was not over before. Rejects with what the journal rejects with
   */
  async save(pieces: Iterable<Uint8Array>, upTo: number, isOver: () => boolean): Promise<boolean> {
    try {
      return await this.#write(pieces, upTo, isOver)
    } catch (error) {
      this.#mustLook = true
      throw error
    }
  }

  async #write(
    pieces: Iterable<Uint8Array>,
    upTo: number,
    isOver: () => boolean,
  ): Promise<boolean> {
    const sequence = this.#sequence
    if (this.#mustLook) {
      await sequence.look()
      this.#mustLook = false
    }
    const begin = sequence.last + 1
    let written = 0
    for (const { manifest, bytes } of this.#cut(pieces)) {
      if (isOver()) return false
      written += sizeOf(bytes)
      // eslint-disable-next-line no-await-in-loop -- They follow each other in the journal.
      await sequence.append(manifest, bytes, true)
    }
    if (isOver()) return false
    const end = new ByteWriter(16).varint(begin).varint(upTo).finish()
    await sequence.append(manifests.end, end, true)
    this.#bytes = written
    if (!isOver()) await sequence.forget(begin - 1)
    return true
  }

  *#cut(
    pieces: Iterable<Uint8Array>,
  ): Iterable<{ readonly manifest: string; readonly bytes: Uint8Array }> {
    for (const piece of pieces) {
      let at = 0
      for (; piece.length - at > this.#maxBytes; at += this.#maxBytes) {
        yield { manifest: manifests.fragment, bytes: piece.subarray(at, at + this.#maxBytes) }
      }
      yield { manifest: manifests.piece, bytes: piece.subarray(at) }
    }
  }
}

function joined(fragments: readonly Uint8Array[]): Uint8Array {
  const piece = new Uint8Array(fragments.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const fragment of fragments) {
    piece.set(fragment, at)
    at += fragment.length
  }
  return piece
}
