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
/** Records that are fewer bytes are not worth saving anything for. */
const fewBytes = 4_096

/** The journal's `timestamp` is for people, who find epochs and times of the part in the records. */
const timestamp = 0
const manifests = { record: 'ddata-record', piece: 'ddata-state', end: 'ddata-state-end' } as const
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
      for await (const { bytes, manifest } of this.#journal.events(this.#pieces.id, read)) {
        if (manifest !== manifests.piece) continue
        state.restore(bytes)
        this.#savedBytes += sizeOf(bytes)
      }
    }
    const { id, deletedTo } = this.#records
    const read = { fromSequenceNr: Math.max(upTo, deletedTo) + 1 }
    for await (const { bytes } of this.#journal.events(id, read)) {
      const { epoch, commands } = readRecord(bytes)
      for (const { command, at } of commands) state.apply(command, at, epoch)
      this.#count(bytes)
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

  /** Whether its records take much more room than the state would, for one that nobody uses any more. */
  get isWorthSaving(): boolean {
    return !this.#isSaving && this.#bytesSince >= Math.max(this.#savedBytes, fewBytes)
  }

  /**
   * Takes down a state in which all records are that were written so far, and that which is written next, if any, and no others.
   *
   * @returns saves it, once that record is safe, until it is over: nothing more is written then but what is under way. It
   * rejects with what the journal rejects with. Either way nothing is lost, and it is tried again later
   */
  capture(state: PartState, behind: 'next record' | 'last record'): Save {
    this.#isSaving = true
    const upTo = this.#records.last + (behind === 'next record' ? 1 : 0)
    const pieces = state.save(this.#settings.pieceBytes)
    this.#recordsSince = 0
    this.#bytesSince = 0
    return async (isOver) => {
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
    for (const bytes of pieces) {
      if (isOver()) return
      savedBytes += sizeOf(bytes)
      // eslint-disable-next-line no-await-in-loop -- They follow each other in the journal.
      await this.#append(this.#pieces, [{ manifest: manifests.piece, version, timestamp, bytes }])
    }
    if (isOver()) return
    const bytes = new ByteWriter(16).varint(begin).varint(upTo).finish()
    await this.#append(this.#pieces, [{ manifest: manifests.end, version, timestamp, bytes }])
    this.#savedBytes = savedBytes
    if (!isOver()) await this.#forget(this.#pieces, begin - 1)
    if (!isOver()) await this.#forget(this.#records, upTo)
  }

  #append(sequence: Sequence, events: readonly JournalRecord[]): Promise<void> {
    const expectedSequenceNr = sequence.last
    sequence.last += events.length
    return this.#journal.append(sequence.id, { epoch: this.#epoch, expectedSequenceNr, events })
  }

  async #forget(sequence: Sequence, upTo: number): Promise<void> {
    if (upTo <= sequence.deletedTo) return
    await this.#journal.deleteEvents(sequence.id, upTo, { epoch: this.#epoch })
    sequence.deletedTo = upTo
  }
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
