// The state of a part as it was saved last. It goes in pieces into a sequence of events of its own, since it may be larger than
// anything that a journal takes at once; it counts once its end is there. There are two such sequences, of which one is empty: the
// next state goes there. So what was begun and has no end can be deleted, as that which was saved before.
import type { EventJournal } from '@casty/persistence'
import { ByteReader, ByteWriter } from '@casty/transport'
import type { PartState } from '../state/part-state.ts'
import { Sequence, sizeOf } from './sequence.ts'

const manifests = {
  /** A piece, or what it ends with. */
  piece: 'ddata-state',
  /** What comes before that where a piece is long: what one session was answered may be, or what waits in one place. */
  fragment: 'ddata-state-fragment',
  /** Where it begins, and up to which record it goes. */
  end: 'ddata-state-end',
} as const

interface Whole {
  readonly from: number
  readonly to: number
  /** The last record that is in it. */
  readonly upTo: number
}

/** Mutable. */
export class SavedState {
  readonly #maxBytes: number
  /** What was saved last, where something was. */
  #current: Sequence
  /** Where the next one goes. */
  #next: Sequence
  #bytes = 0
  /** What `#next` has, and where it ends, is not known. */
  #mustLook = false

  private constructor(current: Sequence, next: Sequence, maxBytes: number) {
    this.#current = current
    this.#next = next
    this.#maxBytes = maxBytes
  }

  /**
   * Rejects with what the journal rejects with.
   *
   * @param pieceBytes - about so long are pieces; nothing is written that is longer than twice that, or than the journal takes
   */
  static async claim(
    journal: EventJournal,
    id: string,
    epoch: number,
    pieceBytes: number,
  ): Promise<SavedState> {
    const maxBytes = Math.min(2 * pieceBytes, journal.limits.maxRecordBytes)
    const [one, other] = await Promise.all([
      Sequence.claim(journal, `${id}#state`, epoch),
      Sequence.claim(journal, `${id}#state-2`, epoch),
    ])
    return new SavedState(other, one, maxBytes)
  }

  /** What it takes in the journal, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** @returns up to which record it goes; 0 where nothing was saved. Rejects with what the journal rejects with */
  async restore(state: PartState): Promise<number> {
    const [current, next] = await Promise.all([wholeOf(this.#current), wholeOf(this.#next)])
    const isNewer = next.upTo > current.upTo
    if (isNewer) this.#turn()
    const whole = isNewer ? next : current
    if (whole.upTo > 0) await this.#read(state, whole)
    await this.#forgetNext()
    return whole.upTo
  }

  #turn(): void {
    const current = this.#current
    this.#current = this.#next
    this.#next = current
  }

  async #read(state: PartState, { from, to }: Whole): Promise<void> {
    let fragments: Uint8Array[] = []
    for await (const { bytes, manifest } of this.#current.events(from, to)) {
      if (manifest === manifests.end) return
      this.#bytes += sizeOf(bytes)
      fragments.push(bytes)
      if (manifest === manifests.fragment) continue
      state.restore(fragments.length === 1 ? bytes : joined(fragments))
      fragments = []
    }
  }

  /**
   * Piece by piece, as the journal takes them: what a part does meanwhile goes in between.
   *
   * @param upTo - the last record that is in it
   * @returns whether it is there, since it was not over before. Rejects with what the journal rejects with
   */
  async save(pieces: Iterable<Uint8Array>, upTo: number, isOver: () => boolean): Promise<boolean> {
    try {
      if (this.#mustLook) await this.#empty(isOver)
      return await this.#write(pieces, upTo, isOver)
    } catch (error) {
      this.#mustLook = true
      // It takes room that may be just what is missing. Where that fails as well, it is done before the next one.
      await this.#empty(isOver).catch(() => {})
      throw error
    }
  }

  async #empty(isOver: () => boolean): Promise<void> {
    if (isOver()) return
    await this.#next.look()
    // By then whoever comes next, under the same epoch, may have saved a state there.
    if (isOver()) return
    await this.#next.forget(this.#next.last)
    this.#mustLook = false
  }

  /** What is no state, or none that counts any more. Where that fails it is done before the next one is saved: nothing depends on it. */
  async #forgetNext(): Promise<void> {
    try {
      await this.#next.forget(this.#next.last)
    } catch {
      this.#mustLook = true
    }
  }

  async #write(
    pieces: Iterable<Uint8Array>,
    upTo: number,
    isOver: () => boolean,
  ): Promise<boolean> {
    const sequence = this.#next
    const begin = sequence.last + 1
    let written = 0
    for (const { manifest, bytes } of this.#cut(pieces)) {
      if (isOver()) return false
      written += sizeOf(bytes)
      // eslint-disable-next-line no-await-in-loop -- They follow each other in the journal.
      await sequence.append(manifest, bytes, 'now')
    }
    if (isOver()) return false
    const end = new ByteWriter(16).varint(begin).varint(upTo).finish()
    await sequence.append(manifests.end, end, 'now')
    this.#bytes = written
    this.#turn()
    if (!isOver()) await this.#forgetNext()
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

/** The last state in it that has its end; up to record 0 where there is none. */
async function wholeOf(sequence: Sequence): Promise<Whole> {
  let whole = { from: 0, to: 0, upTo: 0 }
  for await (const { manifest, bytes, sequenceNr } of sequence.events(sequence.first)) {
    if (manifest !== manifests.end) continue
    const end = new ByteReader(bytes)
    const [from, upTo] = [end.varint(), end.varint()]
    // One that nobody waited for any more may come when what it ends is deleted.
    if (from >= sequence.first) whole = { from, to: sequenceNr, upTo }
  }
  return whole
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
