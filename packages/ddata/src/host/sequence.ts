import type { EventJournal, FreesRoom, JournalHead, StoredEvent } from '@casty/persistence'

/** The journal's `timestamp` is for people, who find epochs and times of the part in the records. */
const timestamp = 0
const version = 1

/** What a journal takes for a record besides its bytes, about. */
const recordOverheadBytes = 128

/** What a record takes in a journal, in bytes, about. */
export function sizeOf(record: Uint8Array): number {
  return record.length + recordOverheadBytes
}

/** Mutable. The events of one id, which nobody else adds to any more. */
export class Sequence {
  readonly id: string
  readonly #journal: EventJournal
  readonly #epoch: number
  /** The number of the last one. */
  last: number
  #deletedTo: number

  private constructor(journal: EventJournal, id: string, epoch: number, head: JournalHead) {
    this.#journal = journal
    this.id = id
    this.#epoch = epoch
    this.last = head.sequenceNr
    this.#deletedTo = head.deletedTo
  }

  /** Rejects with what the journal rejects with. */
  static async claim(journal: EventJournal, id: string, epoch: number): Promise<Sequence> {
    return new Sequence(journal, id, epoch, await journal.claim(id, epoch))
  }

  /** The number of the first one. */
  get first(): number {
    return this.#deletedTo + 1
  }

  /** @param to - the last one. @defaultValue what is the last when the reader comes there */
  events(from: number, to: number = Number.MAX_SAFE_INTEGER): AsyncIterable<StoredEvent> {
    return this.#journal.events(this.id, { fromSequenceNr: from, toSequenceNr: to })
  }

  /** @param freesRoom - see `AppendRequest` */
  append(manifest: string, bytes: Uint8Array, freesRoom?: FreesRoom): Promise<void> {
    const expectedSequenceNr = this.last
    this.last += 1
    const events = [{ manifest, version, timestamp, bytes }]
    const request = { epoch: this.#epoch, expectedSequenceNr, events, freesRoom }
    return this.#journal.append(this.id, request)
  }

  /** Deletes them, where they are there. */
  async forget(upTo: number): Promise<void> {
    if (upTo <= this.#deletedTo) return
    await this.#journal.deleteEvents(this.id, upTo, { epoch: this.#epoch })
    this.#deletedTo = upTo
  }

  /** Finds out how far they go, where that is not known any more. */
  async look(): Promise<void> {
    this.last = (await this.#journal.highest(this.id)).sequenceNr
  }
}
