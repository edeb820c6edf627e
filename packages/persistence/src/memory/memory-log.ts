import type { AppendRequest, ReadOptions, WriterOptions } from '../journal/event-journal.ts'
import { JournalError } from '../journal/journal-error.ts'
import type {
  JournalHead,
  JournalRecord,
  StoredEvent,
  StoredSnapshot,
} from '../journal/journal-record.ts'

/** What an event or a snapshot takes besides its texts and bytes, about. */
const recordOverheadBytes = 96

/** Events and snapshots of one id. Each method is one step: it changes all or, where it throws, nothing. */
export class MemoryLog {
  readonly #id: string
  #epoch = 0
  #deletedTo = 0
  /** Those after `#deletedTo`, without a hole. */
  #events: StoredEvent[] = []
  /** Ascending. */
  #snapshots: StoredSnapshot[] = []
  readonly #damaged = new Set<StoredEvent | StoredSnapshot>()

  constructor(id: string) {
    this.#id = id
  }

  get head(): JournalHead {
    const sequenceNr = this.#deletedTo + this.#events.length
    return { sequenceNr, epoch: this.#epoch, deletedTo: this.#deletedTo }
  }

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#snapshots.length === 0
  }

  /** @returns how many bytes were added; `request` becomes the log's own */
  append({ epoch, expectedSequenceNr, events }: AppendRequest, roomBytes: number): number {
    this.#checkEpoch(epoch)
    const { head } = this
    if (expectedSequenceNr !== head.sequenceNr) {
      throw JournalError.fencedByNumber(this.#id, expectedSequenceNr, head)
    }
    const size = events.reduce((sum, event) => sum + sizeOf(event), 0)
    if (size > roomBytes) throw JournalError.full('append', { id: this.#id })
    this.#epoch = epoch
    let sequenceNr = head.sequenceNr
    for (const event of events) this.#events.push({ ...event, sequenceNr: ++sequenceNr, epoch })
    return size
  }

  claim(epoch: number): JournalHead {
    this.#checkEpoch(epoch)
    this.#epoch = epoch
    return this.head
  }

  #checkEpoch(epoch: number): void {
    if (epoch < this.#epoch) throw JournalError.fencedByEpoch(this.#id, epoch, this.head)
  }

  /** The event of a number; undefined at the end. */
  read(sequenceNr: number, { toSequenceNr = Infinity }: ReadOptions): StoredEvent | undefined {
    if (sequenceNr > toSequenceNr) return undefined
    if (sequenceNr <= this.#deletedTo) {
      throw JournalError.deleted(this.#id, sequenceNr, this.#deletedTo)
    }
    const event = this.#events[sequenceNr - this.#deletedTo - 1]
    this.#checkSound(event)
    return event && withOwnBytes(event)
  }

  /** @returns how many bytes were freed */
  deleteEvents(toSequenceNr: number, { epoch = this.#epoch }: WriterOptions): number {
    this.#checkEpoch(epoch)
    const { sequenceNr } = this.head
    if (toSequenceNr > sequenceNr) {
      throw JournalError.invalid(
        'toSequenceNr',
        toSequenceNr,
        `up to the last event, ${sequenceNr}`,
      )
    }
    if (toSequenceNr <= this.#deletedTo) return 0
    const gone = this.#events.slice(0, toSequenceNr - this.#deletedTo)
    this.#events = this.#events.slice(gone.length)
    this.#deletedTo = toSequenceNr
    return gone.reduce((sum, event) => sum + sizeOf(event), 0)
  }

  /** @returns how many bytes were added, less those of the one that was replaced */
  saveSnapshot(
    snapshot: StoredSnapshot,
    { epoch = this.#epoch }: WriterOptions,
    roomBytes: number,
  ): number {
    this.#checkEpoch(epoch)
    const { sequenceNr } = this.head
    if (snapshot.sequenceNr > sequenceNr) {
      const allowed = `up to the last event, ${sequenceNr}`
      throw JournalError.invalid('The number of a snapshot', snapshot.sequenceNr, allowed)
    }
    const replaced = this.#snapshots.find((one) => one.sequenceNr === snapshot.sequenceNr)
    const size = sizeOf(snapshot) - (replaced ? sizeOf(replaced) : 0)
    if (size > roomBytes) throw JournalError.full('save a snapshot', { id: this.#id })
    this.#snapshots = [...this.#snapshots.filter((one) => one !== replaced), snapshot].toSorted(
      (left, right) => left.sequenceNr - right.sequenceNr,
    )
    return size
  }

  latestSnapshot(atMost: number): StoredSnapshot | undefined {
    const found = this.#snapshots.findLast((one) => one.sequenceNr <= atMost)
    this.#checkSound(found)
    return found && withOwnBytes(found)
  }

  /** @returns how many bytes were freed */
  deleteSnapshots(toSequenceNr: number, { epoch = this.#epoch }: WriterOptions): number {
    this.#checkEpoch(epoch)
    const gone = this.#snapshots.filter((one) => one.sequenceNr <= toSequenceNr)
    this.#snapshots = this.#snapshots.slice(gone.length)
    return gone.reduce((sum, one) => sum + sizeOf(one), 0)
  }

  damageEvent(sequenceNr: number): void {
    const event = this.#events[sequenceNr - this.#deletedTo - 1]
    if (!event) throw JournalError.invalid('The event to damage', sequenceNr, 'one that is there')
    this.#damaged.add(event)
  }

  damageSnapshot(sequenceNr: number): void {
    const found = this.#snapshots.find((one) => one.sequenceNr === sequenceNr)
    if (!found) {
      throw JournalError.invalid('The snapshot to damage', sequenceNr, 'one that is there')
    }
    this.#damaged.add(found)
  }

  #checkSound(record: StoredEvent | StoredSnapshot | undefined): void {
    if (!record || !this.#damaged.has(record)) return
    const { sequenceNr } = record
    throw JournalError.damaged(this.#id, 'its checksum does not fit', { sequenceNr })
  }
}

/** A copy, not by `slice`, which of a Buffer is none: nobody outside may hold the bytes that a journal keeps. */
export function withOwnBytes<R extends JournalRecord>(record: R): R {
  return { ...record, bytes: new Uint8Array(record.bytes) }
}

function sizeOf({ manifest, bytes }: JournalRecord): number {
  return bytes.length + 2 * manifest.length + recordOverheadBytes
}
