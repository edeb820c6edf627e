import { JournalError, type StoredEvent } from '@casty/persistence'
import { decodeRecord, recordBytes, recordHeaderBytes } from './record.ts'
import type { Segment } from './segment.ts'
import { Window } from './window.ts'

/** Where a record is. */
export interface Place {
  readonly segment: Segment
  readonly offset: number
}

/** Reads records of one id. */
export class RecordReader {
  readonly #id: string
  readonly #window = new Window()

  constructor(id: string) {
    this.#id = id
  }

  /** Without waiting, if it is in memory. */
  peek({ segment, offset }: Place, sequenceNr: number): StoredEvent | undefined {
    const header = this.#window.peek(segment, offset, recordHeaderBytes)
    const bytes = header && this.#window.peek(segment, offset, recordBytes(header, 0))
    const record = bytes && decodeRecord(bytes, 0)
    return record?.sequenceNr === sequenceNr ? record : undefined
  }

  /** @throws JournalError `CASTY_JOURNAL_DAMAGED`, `CASTY_JOURNAL_UNAVAILABLE` */
  async read(place: Place, sequenceNr: number): Promise<StoredEvent> {
    const record = await this.#load(place)
    // The number is part of what the checksum is of, the place is not.
    if (record?.sequenceNr === sequenceNr) return record
    throw JournalError.damaged(this.#id, 'its checksum does not fit', {
      sequenceNr,
      place: `${place.segment.name} at byte ${place.offset}`,
    })
  }

  async #load(place: Place): Promise<StoredEvent | undefined> {
    try {
      return await place.segment.hold(() => this.#loadHeld(place))
    } catch (cause) {
      throw JournalError.unavailable('read', 'nothing-written', { cause, id: this.#id })
    }
  }

  async #loadHeld({ segment, offset }: Place): Promise<StoredEvent | undefined> {
    const header = await this.#window.load(segment, offset, recordHeaderBytes)
    if (header.length < recordHeaderBytes) return undefined
    const length = recordBytes(header, 0)
    if (offset + length > segment.sizeBytes) return undefined
    return decodeRecord(await this.#window.load(segment, offset, length), 0)
  }
}
