// What one id has in a journal that is replicated: events and snapshots, and the version that tells how far they go.
// Owner and replicas apply the same operations to the same version, so that they have the same afterwards.
import {
  JournalError,
  type FreesRoom,
  type JournalHead,
  type JournalRecord,
  type StoredEvent,
  type StoredSnapshot,
} from '@casty/persistence'
import { ShardingError } from '../errors.ts'
import { noCopy, type CopyVersion } from './copy-version.ts'
import { isCut, Slab } from './slab.ts'

/** What changes a copy. An epoch is that of whoever asked; undefined where it is nobody in particular. */
export type Operation =
  | {
      readonly type: 'append'
      readonly epoch: number
      readonly expectedSequenceNr: number
      readonly events: readonly JournalRecord[]
      /** See `AppendRequest`. Replicas take it as they take all others. */
      readonly freesRoom?: FreesRoom | undefined
    }
  | { readonly type: 'claim'; readonly epoch: number }
  | {
      readonly type: 'save-snapshot'
      readonly epoch: number | undefined
      readonly snapshot: StoredSnapshot
    }
  | {
      readonly type: 'delete-events' | 'delete-snapshots'
      readonly epoch: number | undefined
      readonly toSequenceNr: number
    }

/** A part of a copy: records from `offset` on, events before snapshots. */
export interface Piece {
  readonly id: string
  readonly version: CopyVersion
  readonly head: JournalHead
  readonly offset: number
  readonly events: readonly StoredEvent[]
  readonly snapshots: readonly StoredSnapshot[]
  readonly isLast: boolean
}

/** What a record takes besides its texts and bytes, about. */
const recordOverheadBytes = 96

/** Each operation changes all or, where it throws, nothing. */
export class Copy {
  readonly id: string
  version: CopyVersion = noCopy
  #epoch = 0
  #deletedTo = 0
  /** Those after `#deletedTo`, without a hole. */
  #events: StoredEvent[] = []
  /** Ascending. */
  #snapshots: readonly StoredSnapshot[] = []
  #sizeBytes = 0
  readonly #slab = new Slab()

  constructor(id: string) {
    this.id = id
  }

  /** A whole one, of all its pieces in order. */
  static of(pieces: readonly Piece[]): Copy | undefined {
    const last = pieces.at(-1)
    if (!last) return undefined
    const copy = new Copy(last.id)
    copy.version = last.version
    copy.#epoch = last.head.epoch
    copy.#deletedTo = last.head.deletedTo
    copy.#events = pieces.flatMap(({ events }) => events)
    copy.#snapshots = pieces.flatMap(({ snapshots }) => snapshots)
    copy.#sizeBytes = sizeOfAll(copy.#events) + sizeOfAll(copy.#snapshots)
    return copy
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get head(): JournalHead {
    const sequenceNr = this.#deletedTo + this.#events.length
    return { sequenceNr, epoch: this.#epoch, deletedTo: this.#deletedTo }
  }

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#snapshots.length === 0
  }

  /** As it is now, whatever becomes of it. */
  frozen(): Copy {
    const copy = new Copy(this.id)
    copy.version = this.version
    copy.#epoch = this.#epoch
    copy.#deletedTo = this.#deletedTo
    copy.#events = [...this.#events]
    copy.#snapshots = this.#snapshots
    return copy
  }

  /**
   * @param operation - the bytes of its events are copied, those of its snapshot are kept as they are
   * @returns the same operation, with the bytes that are kept here
   * @throws JournalError as the operation's call of a journal does
   */
  apply(operation: Operation, roomBytes: number): Operation {
    const { epoch = this.#epoch } = operation
    if (epoch < this.#epoch) throw JournalError.fencedByEpoch(this.id, epoch, this.head)
    switch (operation.type) {
      case 'append': {
        const { expectedSequenceNr } = operation
        const events = this.#append(expectedSequenceNr, operation.events, epoch, roomBytes)
        this.#epoch = epoch
        return { type: 'append', epoch: operation.epoch, expectedSequenceNr, events }
      }
      case 'claim':
        this.#epoch = epoch
        return operation
      case 'save-snapshot':
        this.#saveSnapshot(operation.snapshot, roomBytes)
        return operation
      case 'delete-events':
        this.#deleteEvents(operation.toSequenceNr)
        return operation
      case 'delete-snapshots': {
        const isGone = ({ sequenceNr }: StoredSnapshot): boolean =>
          sequenceNr <= operation.toSequenceNr
        this.#sizeBytes -= sizeOfAll(this.#snapshots.filter(isGone))
        this.#snapshots = this.#snapshots.filter((one) => !isGone(one))
        return operation
      }
    }
  }

  #append(
    expected: number,
    events: readonly JournalRecord[],
    epoch: number,
    roomBytes: number,
  ): readonly StoredEvent[] {
    let sequenceNr = this.#deletedTo + this.#events.length
    if (expected !== sequenceNr) {
      throw JournalError.fencedByNumber(this.id, expected, this.head)
    }
    const size = sizeOfAll(events)
    if (size > roomBytes) throw this.#full('append')
    const stored: StoredEvent[] = []
    for (const { manifest, version, timestamp, bytes: given } of events) {
      sequenceNr += 1
      const bytes = this.#slab.keep(given, this.#sizeBytes)
      const event = { manifest, version, timestamp, bytes, sequenceNr, epoch }
      stored.push(event)
      this.#events.push(event)
    }
    this.#sizeBytes += size
    return stored
  }

  #saveSnapshot(snapshot: StoredSnapshot, roomBytes: number): void {
    const { sequenceNr } = this.head
    if (snapshot.sequenceNr > sequenceNr) {
      const allowed = `up to the last event, ${sequenceNr}`
      throw JournalError.invalid('The number of a snapshot', snapshot.sequenceNr, allowed)
    }
    const kept = this.#snapshots.filter((one) => one.sequenceNr !== snapshot.sequenceNr)
    const snapshots = [...kept, snapshot].toSorted(
      (left, right) => left.sequenceNr - right.sequenceNr,
    )
    const added = sizeOfAll(snapshots) - sizeOfAll(this.#snapshots)
    if (added > roomBytes) throw this.#full('save a snapshot')
    this.#snapshots = snapshots
    this.#sizeBytes += added
  }

  #full(what: string): JournalError {
    return JournalError.full(what, { id: this.id, cause: ShardingError.noRoom(this.id) })
  }

  #deleteEvents(toSequenceNr: number): void {
    const { sequenceNr } = this.head
    if (toSequenceNr > sequenceNr) {
      const allowed = `up to the last event, ${sequenceNr}`
      throw JournalError.invalid('toSequenceNr', toSequenceNr, allowed)
    }
    if (toSequenceNr <= this.#deletedTo) return
    const gone = this.#events.slice(0, toSequenceNr - this.#deletedTo)
    const left = this.#events.slice(gone.length)
    this.#deletedTo = toSequenceNr
    this.#sizeBytes -= sizeOfAll(gone)
    // Arrays that would be kept for a part of them: one that what is deleted has some of, and one that is too long by now.
    const emptied = gone.findLast(({ bytes }) => isCut(bytes))?.bytes.buffer
    const letGo = this.#slab.letGo(this.#sizeBytes, emptied)
    this.#events = left.map((event) => {
      const { buffer } = event.bytes
      return buffer === emptied || buffer === letGo ? withOwnBytes(event) : event
    })
  }

  /** The event of a number; undefined at the end. @throws JournalError `CASTY_JOURNAL_DELETED` */
  read(sequenceNr: number): StoredEvent | undefined {
    if (sequenceNr <= this.#deletedTo) {
      throw JournalError.deleted(this.id, sequenceNr, this.#deletedTo)
    }
    const event = this.#events[sequenceNr - this.#deletedTo - 1]
    return event && withOwnBytes(event)
  }

  latestSnapshot(atMost: number): StoredSnapshot | undefined {
    const found = this.#snapshots.findLast(({ sequenceNr }) => sequenceNr <= atMost)
    return found && withOwnBytes(found)
  }

  /** At least one record from `offset` on, and no more than fit into `maxBytes`. */
  piece(offset: number, maxBytes: number): Piece {
    const events: StoredEvent[] = []
    const snapshots: StoredSnapshot[] = []
    let roomBytes = maxBytes
    let at = offset
    const total = this.#events.length + this.#snapshots.length
    for (; at < total; at++) {
      const event = this.#events[at]
      const snapshot = this.#snapshots[at - this.#events.length]
      const record = event ?? snapshot
      roomBytes -= record ? sizeOf(record) : 0
      if (roomBytes < 0 && at > offset) break
      if (event) events.push(event)
      else if (snapshot) snapshots.push(snapshot)
    }
    const { id, version, head } = this
    return { id, version, head, offset, events, snapshots, isLast: at >= total }
  }
}

/** A copy, not by `slice`, which of a Buffer is none: nobody outside may hold the bytes that a journal keeps. */
export function withOwnBytes<R extends JournalRecord>(record: R): R {
  return { ...record, bytes: new Uint8Array(record.bytes) }
}

/** The same for an operation that waits: `Copy.apply` copies events, and whoever gave them may use their bytes again. */
export function withItsOwnBytes(operation: Operation): Operation {
  if (operation.type !== 'append') return operation
  return { ...operation, events: operation.events.map(withOwnBytes) }
}

/** What an operation takes in a frame, at most about. */
export function sizeOfOperation(operation: Operation): number {
  // An id, two versions and numbers.
  const size = 600
  if (operation.type === 'append') return size + sizeOfAll(operation.events)
  return operation.type === 'save-snapshot' ? size + sizeOf(operation.snapshot) : size
}

/** What its records take of the room for copies. */
export function sizeOfPiece({ events, snapshots }: Piece): number {
  return sizeOfAll(events) + sizeOfAll(snapshots)
}

function sizeOfAll(records: readonly JournalRecord[]): number {
  let sum = 0
  for (const record of records) sum += sizeOf(record)
  return sum
}

function sizeOf({ manifest, bytes }: JournalRecord): number {
  return bytes.length + 2 * manifest.length + recordOverheadBytes
}
