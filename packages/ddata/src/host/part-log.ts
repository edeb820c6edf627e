// Where a part is written down: its records, one after the other, and now and then all of its state, so that the records
// before can be let go.
import { JournalError, type EventJournal, type FreesRoom } from '@casty/persistence'
import { readRecord } from '../state/command.ts'
import type { PartState } from '../state/part-state.ts'
import { SavedState } from './saved-state.ts'
import { Sequence, sizeOf } from './sequence.ts'

export interface PartLogSettings {
  /** State is saved after so many records, or so many bytes of them, whichever comes first … */
  readonly recordsPerSnapshot: number
  readonly bytesPerSnapshot: number
  /** … but not before they are so many times as large as what was saved last. */
  readonly growthPerSnapshot: number
  readonly pieceBytes: number
}

/** Less than that is not worth saving anything for, in bytes. */
const minFreedBytes = 4_096
const manifest = 'ddata-record'

/** Saves what was taken down. @param isOver - whether the part is to end: it is given up then */
export type Save = (isOver: () => boolean) => Promise<void>

export class PartLog {
  readonly #settings: PartLogSettings
  readonly #records: Sequence
  readonly #saved: SavedState
  /** Since it was last tried to save the state. */
  #recordsSince = 0
  #bytesSince = 0
  /** Of records that are not in what was saved last. */
  #unsavedBytes = 0
  /** How many times larger what was saved last is than it was thought to be. */
  #scale = 1
  #isSaving = false

  private constructor(settings: PartLogSettings, records: Sequence, saved: SavedState) {
    this.#settings = settings
    this.#records = records
    this.#saved = saved
  }

  /**
   * Becomes the only one who writes it, and carries out again what was written, on a state that is new.
   *
   * Rejects with what the journal rejects with; JournalError `CASTY_JOURNAL_FENCED` where another one has taken over;
   * `CASTY_JOURNAL_DELETED` where records are missing behind the state that was saved; DDataError `CASTY_DDATA_MALFORMED` where a
   * later version of this package has written.
   */
  static async open(
    journal: EventJournal,
    id: string,
    epoch: number,
    state: PartState,
    settings: PartLogSettings,
  ): Promise<PartLog> {
    const [records, saved] = await Promise.all([
      Sequence.claim(journal, id, epoch),
      SavedState.claim(journal, id, epoch, settings.pieceBytes),
    ])
    const log = new PartLog(settings, records, saved)
    await log.#recover(state)
    return log
  }

  async #recover(state: PartState): Promise<void> {
    const records = this.#records
    const upTo = await this.#saved.restore(state)
    // Records are deleted behind a state that has them: it may be that this one is older, or was deleted.
    if (records.first > upTo + 1)
      throw JournalError.deleted(records.id, upTo + 1, records.first - 1)
    // Where that fails they only take room.
    await records.forget(upTo).catch(() => {})
    for await (const { bytes, sequenceNr } of records.events(upTo + 1)) {
      const { epoch, commands } = readRecord(bytes)
      for (const { command, at } of commands) state.apply(command, at, epoch)
      this.#count(bytes)
      // The life before, under the same epoch, may have had one under way that came behind the claim.
      records.last = sequenceNr
    }
  }

  #count(record: Uint8Array): void {
    this.#recordsSince += 1
    this.#bytesSince += sizeOf(record)
    this.#unsavedBytes += sizeOf(record)
  }

  /**
   * Resolves when a record is safe. Rejects with what the journal rejects with: then it may be kept or not.
   *
   * @param freesRoom - see `Machine`
   */
  write(record: Uint8Array, freesRoom?: FreesRoom): Promise<void> {
    this.#count(record)
    return this.#records.append(manifest, record, freesRoom)
  }

  /**
   * Whether it is time to save the state: much has been written since, or most of what is kept is of what is gone.
   *
   * @param bytes - what it takes now, at least; undefined where nobody knows
   */
  isSnapshotDue(bytes?: number): boolean {
    if (this.#isSaving) return false
    const { recordsPerSnapshot, bytesPerSnapshot, growthPerSnapshot } = this.#settings
    const isLong = this.#recordsSince >= recordsPerSnapshot || this.#bytesSince >= bytesPerSnapshot
    const hasOutgrownState = this.#unsavedBytes >= growthPerSnapshot * this.#saved.bytes
    if (isLong && hasOutgrownState) return true
    if (bytes === undefined) return false
    const stateBytes = bytes * this.#scale
    const freedBytes = this.#keptBytes - stateBytes
    return freedBytes >= bytesPerSnapshot && freedBytes >= growthPerSnapshot * stateBytes
  }

  get #keptBytes(): number {
    return this.#saved.bytes + this.#unsavedBytes
  }

  /**
   * Takes down the state.
   *
   * @param records - that are in it, and are yet to be written
   * @returns saves it, once these records are safe, until it is over: nothing more is written then but what is under way. It
   * rejects with what the journal rejects with. Either way nothing is lost, and it is tried again later
   */
  capture(state: PartState, records: number): Save {
    const pieces = state.save(this.#settings.pieceBytes)
    return this.#saving(pieces, this.#records.last + records, state.bytes)
  }

  /**
   * Takes down the state where saving it lets go of much, while nothing is written.
   *
   * @param isShort - whether there is no room: then little is much
   * @returns see `capture`; undefined where it is not worth it, or something is being saved
   */
  compact(state: PartState, isShort: boolean = false): Save | undefined {
    if (this.#isSaving || this.#unsavedBytes === 0) return undefined
    // To take it down takes long where it is large.
    if (this.#keptBytes - (state.bytes ?? 0) < minFreedBytes) return undefined
    const pieces = [...state.save(this.#settings.pieceBytes)]
    const stateBytes = pieces.reduce((sum, piece) => sum + sizeOf(piece), 0)
    const freedBytes = this.#keptBytes - stateBytes
    if (freedBytes < minFreedBytes + (isShort ? 0 : stateBytes)) return undefined
    return this.#saving(pieces, this.#records.last, state.bytes)
  }

  #saving(pieces: Iterable<Uint8Array>, upTo: number, bytes: number | undefined): Save {
    this.#isSaving = true
    return async (isOver) => {
      this.#recordsSince = 0
      this.#bytesSince = 0
      const inItBytes = this.#unsavedBytes
      try {
        const isThere = await this.#saved.save(pieces, upTo, isOver)
        if (!isThere || isOver()) return
        this.#scale = Math.max(1, this.#saved.bytes / Math.max(minFreedBytes, bytes ?? 0))
        await this.#records.forget(upTo)
        this.#unsavedBytes -= inItBytes
      } finally {
        this.#isSaving = false
      }
    }
  }
}
