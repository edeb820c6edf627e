// Where everything is: built by reading the log once, and kept by applying to it what is written.
import type { JournalHead } from '@casty/persistence'
import type { Entry } from './entry.ts'
import type { Segment } from './segment.ts'

const noHead: JournalHead = Object.freeze({ sequenceNr: 0, epoch: 0, deletedTo: 0 })

/** A segment and an offset as one number: below 2^53 for offsets below 2^32 and two million segments. */
const segmentUnit = 2 ** 32

export interface SnapshotPlace {
  readonly sequenceNr: number
  readonly segment: Segment
  readonly offset: number
  readonly sizeBytes: number
}

/** One id. */
export class Stream {
  head: JournalHead = noHead
  headSegment: Segment | undefined
  /** Ascending. */
  snapshots: readonly SnapshotPlace[] = []
  /** Of the events after `head.deletedTo`, behind `#skipped` that are deleted. 0 where there is none. */
  #places: number[] = []
  #skipped = 0

  get isEmpty(): boolean {
    return this.head.sequenceNr === this.head.deletedTo && this.snapshots.length === 0
  }

  placeOf(sequenceNr: number): number {
    return this.#places[this.#skipped + sequenceNr - this.head.deletedTo - 1] ?? 0
  }

  /** @returns its place before */
  setPlace(sequenceNr: number, place: number): number {
    const index = this.#skipped + sequenceNr - this.head.deletedTo - 1
    while (this.#places.length < index) this.#places.push(0)
    const before = this.#places[index] ?? 0
    this.#places[index] = place
    return before
  }

  /** @returns the places of events that this one deletes */
  setHead(head: JournalHead): readonly number[] {
    const deleted = Math.min(
      head.deletedTo - this.head.deletedTo,
      this.#places.length - this.#skipped,
    )
    this.head = head
    if (deleted <= 0) return []
    const gone = this.#places.slice(this.#skipped, this.#skipped + deleted)
    this.#skipped += deleted
    // Not at each deletion: who deletes one by one would move all of them each time.
    if (this.#skipped > this.#places.length / 2) {
      this.#places = this.#places.slice(this.#skipped)
      this.#skipped = 0
    }
    return gone
  }
}

/** All ids. */
export class Streams {
  readonly #byId = new Map<string, Stream>()
  readonly #segments = new Map<number, Segment>()

  addSegment(segment: Segment): void {
    this.#segments.set(segment.number, segment)
  }

  removeSegment(segment: Segment): void {
    this.#segments.delete(segment.number)
  }

  get(id: string): Stream | undefined {
    return this.#byId.get(id)
  }

  headOf(id: string): JournalHead {
    return this.#byId.get(id)?.head ?? noHead
  }

  [Symbol.iterator](): MapIterator<[string, Stream]> {
    return this.#byId[Symbol.iterator]()
  }

  /** Undefined where there is no event, though there should be. */
  find(
    stream: Stream,
    sequenceNr: number,
  ): { readonly segment: Segment; readonly offset: number } | undefined {
    const place = stream.placeOf(sequenceNr)
    const segment = this.#segmentOf(place)
    return segment && { segment, offset: place % segmentUnit }
  }

  /** @param bodyAt - where the body of its frame begins in the segment */
  apply(entry: Entry, segment: Segment, bodyAt: number): void {
    const stream = this.#streamOf(entry.id)
    if (stream.headSegment) stream.headSegment.liveHeads--
    stream.headSegment = segment
    segment.liveHeads++
    for (const place of stream.setHead(entry.head)) this.#forget(place)
    switch (entry.kind) {
      case 'head':
        return
      case 'events':
        return this.#applyEvents(stream, entry, segment, bodyAt)
      case 'snapshot':
        return applySnapshot(stream, entry, segment, bodyAt)
      case 'snapshots-deleted':
        return deleteSnapshots(stream, ({ sequenceNr }) => sequenceNr <= entry.argument)
    }
  }

  #applyEvents(stream: Stream, entry: Entry, segment: Segment, bodyAt: number): void {
    segment.countEvents(entry.records.length, entry.sizeBytes)
    let sequenceNr = entry.argument
    for (const record of entry.records) {
      const place = segment.number * segmentUnit + bodyAt + record
      if (sequenceNr > stream.head.deletedTo) {
        this.#forget(stream.setPlace(sequenceNr, place))
        segment.liveEvents++
      }
      sequenceNr++
    }
  }

  #forget(place: number): void {
    const segment = this.#segmentOf(place)
    if (segment) segment.liveEvents--
  }

  #segmentOf(place: number): Segment | undefined {
    return this.#segments.get(Math.floor(place / segmentUnit))
  }

  #streamOf(id: string): Stream {
    const known = this.#byId.get(id)
    if (known) return known
    const stream = new Stream()
    this.#byId.set(id, stream)
    return stream
  }
}

function applySnapshot(stream: Stream, entry: Entry, segment: Segment, bodyAt: number): void {
  const sequenceNr = entry.argument
  deleteSnapshots(stream, (one) => one.sequenceNr === sequenceNr)
  const [record = 0] = entry.records
  const place = { sequenceNr, segment, offset: bodyAt + record, sizeBytes: entry.sizeBytes }
  segment.liveSnapshotBytes += entry.sizeBytes
  stream.snapshots = [...stream.snapshots, place].toSorted(
    (left, right) => left.sequenceNr - right.sequenceNr,
  )
}

function deleteSnapshots(stream: Stream, isGone: (place: SnapshotPlace) => boolean): void {
  for (const { segment, sizeBytes } of stream.snapshots.filter(isGone)) {
    segment.liveSnapshotBytes -= sizeBytes
  }
  stream.snapshots = stream.snapshots.filter((place) => !isGone(place))
}
