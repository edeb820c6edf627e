// Where a part is written down: its records, one after the other, and now and then all of its state, so that the records
// before can be let go. The state goes in pieces into a sequence of events of its own, since it may be larger than
// anything that a journal takes at once; it counts once the last piece is there.
import type { EventJournal, JournalHead, JournalRecord } from '@casty/persistence'
import { ByteReader, ByteWriter } from '@casty/transport'
import { readRecord } from '../state/command.ts'
import type { PartState } from '../state/part-state.ts'

export interface PartLogSettings {
  /** State is saved after so many records, or so many bytes of them, whichever comes first … */
  readonly recordsPerSnapshot: number
  readonly bytesPerSnapshot: number
  /** … but not before they are so many times as large as what was saved last. */
  readonly growthPerSnapshot: number
  readonly pieceBytes: number
}

/** What a journal takes for a record besides its bytes, about. */
const recordOverheadBytes = 128
/** Not worth saving anything for, in bytes. */
const fewBytes = 4_096

/** The journal's `timestamp` is for people, who find epochs and times of the part in the records. */
const timestamp = 0
const manifests = {
  record: 'ddata-record',
  /** A piece of the state, or the rest of one. */
  piece: 'ddata-state',
  /** A part of a piece, of which the next record has more: what waits in one place, or was answered to one session, may be much. */
  part: 'ddata-state-part',
  end: 'ddata-state-end',
} as const
const version = 1

/** Saves what was taken down. @param isOver - whether the part is to end: it is given up then */
export type Save = (isOver: () => boolean) => Promise<void>

export class PartLog {
  readonly #journal: EventJournal
  readonly #epoch: number
  readonly #settings: PartLogSettings
  readonly #records: Sequence
  readonly #pieces: Sequence
  #recordsSince = 0
  #bytesSince = 0
  #savedBytes = 0
  #isSaving = false
  /** Where pieces end is not known. */
  #mustLook = false

  private constructor(
    journal: EventJournal,
    epoch: number,
    settings: PartLogSettings,
    records: Sequence,
    pieces: Sequence,
  ) {
    this.#journal = journal
    this.#epoch = epoch
    this.#settings = settings
    this.#records = records
    this.#pieces = pieces
  }

  /**
   * Becomes the only one who writes it, and carries out again what was written, on a state that is new.
   *
   * Rejects with what the journal rejects with; JournalError `CASTY_JOURNAL_FENCED` where another one has taken over;
   * DDataError `CASTY_DDATA_MALFORMED` where a later version of this package has written.
   */
  static async open(
    journal: EventJournal,
    id: string,
    epoch: number,
    state: PartState,
    settings: PartLogSettings,
  ): Promise<PartLog> {
    const records = await Sequence.claim(journal, id, epoch)
    const pieces = await Sequence.claim(journal, `${id}#state`, epoch)
    const log = new PartLog(journal, epoch, settings, records, pieces)
    await log.#recover(state)
    return log
  }

  async #recover(state: PartState): Promise<void> {
    const { last, upTo } = await this.#lastSaved()
    if (last) {
      const [from, to] = last
      const read = { fromSequenceNr: from, toSequenceNr: to }
      let parts: Uint8Array[] = []
      for await (const { bytes, manifest } of this.#journal.events(this.#pieces.id, read)) {
        if (manifest === manifests.end) break
        this.#savedBytes += sizeOf(bytes)
        parts.push(bytes)
        if (manifest === manifests.part) continue
        state.restore(joined(parts))
        parts = []
      }
    }
    const { id, deletedTo } = this.#records
    const read = { fromSequenceNr: Math.max(upTo, deletedTo) + 1 }
    for await (const { bytes, sequenceNr } of this.#journal.events(id, read)) {
      const { epoch, commands } = readRecord(bytes)
      for (const { command, at } of commands) state.apply(command, at, epoch)
      this.#count(bytes)
      // The life before, under the same epoch, may have had one under way that came behind the claim.
      this.#records.last = sequenceNr
    }
  }

  #count(record: Uint8Array): void {
    this.#recordsSince += 1
    this.#bytesSince += sizeOf(record)
  }

  /** Where the last state that was saved to its end begins and ends, and which records are in it. */
  async #lastSaved(): Promise<{
    readonly last: readonly [from: number, to: number] | undefined
    readonly upTo: number
  }> {
    let begin = this.#pieces.deletedTo + 1
    let last: readonly [number, number] | undefined
    let upTo = 0
    const read = { fromSequenceNr: begin }
    for await (const { manifest, bytes, sequenceNr } of this.#journal.events(
      this.#pieces.id,
      read,
    )) {
      if (manifest !== manifests.end) continue
      const from = new ByteReader(bytes)
      begin = from.varint()
      upTo = from.varint()
      last = [begin, sequenceNr]
    }
    return { last, upTo }
  }

  /** Resolves when a record is safe. Rejects with what the journal rejects with: then it may be kept or not. */
  write(bytes: Uint8Array): Promise<void> {
    this.#count(bytes)
    return this.#append(this.#records, [{ manifest: manifests.record, version, timestamp, bytes }])
  }

  /** Whether it is time to save the state. */
  get isSnapshotDue(): boolean {
    const { recordsPerSnapshot, bytesPerSnapshot, growthPerSnapshot } = this.#settings
    const isLong = this.#recordsSince >= recordsPerSnapshot || this.#bytesSince >= bytesPerSnapshot
    const isManyBytes = this.#bytesSince >= growthPerSnapshot * this.#savedBytes
    return !this.#isSaving && isLong && isManyBytes
  }

  /**
   * Takes down a state in which all records are that were written so far, and so many that are written next, and no others.
   *
   * @returns saves it, once these records are safe, until it is over: nothing more is written then but what is under way. It
   * rejects with what the journal rejects with. Either way nothing is lost, and it is tried again later
   */
  capture(state: PartState, records: number): Save {
    return this.#saving(state.save(this.#settings.pieceBytes), this.#records.last + records)
  }

  /**
   * What lets go of room, while nothing is written.
   *
   * @param state - in which all records are
   * @returns see `capture`; undefined where what is kept takes little more room than the state does
   */
  compact(state: PartState): Save | undefined {
    if (this.#isSaving || this.#bytesSince === 0) return undefined
    const pieces = [...state.save(this.#settings.pieceBytes)]
    const stateBytes = pieces.reduce((sum, piece) => sum + sizeOf(piece), 0)
    const isWorthIt = this.#savedBytes + this.#bytesSince >= 2 * stateBytes + fewBytes
    return isWorthIt ? this.#saving(pieces, this.#records.last) : undefined
  }

  #saving(pieces: Iterable<Uint8Array>, upTo: number): Save {
    this.#isSaving = true
    return async (isOver) => {
      this.#recordsSince = 0
      this.#bytesSince = 0
      try {
        await this.#save(pieces, upTo, isOver)
      } catch (error) {
        // What was not kept is counted; what was, is in the way of none.
        this.#mustLook = true
        throw error
      } finally {
        this.#isSaving = false
      }
    }
  }

  /** Piece by piece, as the journal takes them: what a part does meanwhile goes in between. */
  async #save(pieces: Iterable<Uint8Array>, upTo: number, isOver: () => boolean): Promise<void> {
    if (this.#mustLook) {
      this.#pieces.last = (await this.#journal.highest(this.#pieces.id)).sequenceNr
      this.#mustLook = false
    }
    const begin = this.#pieces.last + 1
    let savedBytes = 0
    for (const { manifest, bytes } of this.#recordsOf(pieces)) {
      if (isOver()) return
      savedBytes += sizeOf(bytes)
      // eslint-disable-next-line no-await-in-loop -- They follow each other in the journal.
      await this.#append(this.#pieces, [{ manifest, version, timestamp, bytes }], true)
    }
    if (isOver()) return
    const bytes = new ByteWriter(16).varint(begin).varint(upTo).finish()
    await this.#append(this.#pieces, [{ manifest: manifests.end, version, timestamp, bytes }], true)
    this.#savedBytes = savedBytes
    if (!isOver()) await this.#forget(this.#pieces, begin - 1)
    if (!isOver()) await this.#forget(this.#records, upTo)
  }

  /** None is longer than what any journal takes. */
  *#recordsOf(
    pieces: Iterable<Uint8Array>,
  ): Iterable<{ readonly manifest: string; readonly bytes: Uint8Array }> {
    const most = 2 * this.#settings.pieceBytes
    for (const piece of pieces) {
      let at = 0
      for (; piece.length - at > most; at += most) {
        yield { manifest: manifests.part, bytes: piece.subarray(at, at + most) }
      }
      yield { manifest: manifests.piece, bytes: piece.subarray(at) }
    }
  }

  #append(
    sequence: Sequence,
    events: readonly JournalRecord[],
    freesRoom: boolean = false,
  ): Promise<void> {
    const { id, last: expectedSequenceNr } = sequence
    sequence.last += events.length
    const request = { epoch: this.#epoch, expectedSequenceNr, events, freesRoom }
    return this.#journal.append(id, request)
  }

  async #forget(sequence: Sequence, upTo: number): Promise<void> {
    if (upTo <= sequence.deletedTo) return
    await this.#journal.deleteEvents(sequence.id, upTo, { epoch: this.#epoch })
    sequence.deletedTo = upTo
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  if (first && parts.length === 1) return first
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function sizeOf(record: Uint8Array): number {
  return record.length + recordOverheadBytes
}

/** The events of one id, which nobody else adds to any more. */
class Sequence {
  readonly id: string
  last: number
  deletedTo: number

  private constructor(id: string, head: JournalHead) {
    this.id = id
    this.last = head.sequenceNr
    this.deletedTo = head.deletedTo
  }

  static async claim(journal: EventJournal, id: string, epoch: number): Promise<Sequence> {
    return new Sequence(id, await journal.claim(id, epoch))
  }
}
