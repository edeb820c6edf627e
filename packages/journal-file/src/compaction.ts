// Gives back the room of what was deleted, from the oldest segment on: what is still wanted of it is written once
// more at the end of the log, then it is removed. Only the oldest: an entry there says nothing about older ones, so
// what deletes need not be kept. It begins when less than half of the log is wanted, so each event is moved
// about once per time that as much again is written.
import type { JournalHead } from '@casty/persistence'
import type { CommitQueue, Plan } from './commit-queue.ts'
import { entryHeaderBytes, type Entry, type NewEntry } from './entry.ts'
import type { Log } from './log.ts'
import { decodeRecord, recordBytes, type EncodedRecords } from './record.ts'
import { frames, type ScannedFrame } from './scan.ts'
import type { Segment } from './segment.ts'
import type { Streams } from './streams.ts'

/** How much is moved in one frame, about: others wait as long as that takes. */
const stepBytes = 1024 * 1024

export class Compaction {
  readonly #log: Log
  readonly #streams: Streams
  readonly #queue: CommitQueue
  #running: Promise<void> | undefined
  #isStopped = false
  /** How it was when it last failed: it is tried again when that is no longer so. */
  #failedAt: Sizes | undefined

  constructor(log: Log, streams: Streams, queue: CommitQueue) {
    this.#log = log
    this.#streams = streams
    this.#queue = queue
  }

  /** Begins, if it is worth it. */
  consider(): void {
    if (!this.#running && !this.#isStopped && this.#isWorthIt) this.#running = this.#run()
  }

  /** Ends soon, with the log as good as before. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  /** Not for the segment that is written to, nor for one that is damaged. */
  get #isWorthIt(): boolean {
    const [oldest, ...others] = this.#log.segments
    if (!oldest || others.length === 0 || oldest.isDamaged) return false
    const { all, live } = this.#sizes
    if (live >= all / 2) return false
    return !this.#failedAt || live < this.#failedAt.live || all > this.#failedAt.all * 1.1
  }

  get #sizes(): Sizes {
    let [all, live] = [0, 0]
    for (const { sizeBytes, liveBytes } of this.#log.segments) {
      all += sizeBytes
      live += liveBytes
    }
    return { all, live }
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopped && this.#isWorthIt) {
        const [oldest] = this.#log.segments
        if (!oldest || !(await this.#empty(oldest))) break
        await this.#log.removeOldest()
        this.#streams.removeSegment(oldest)
      }
    } catch {
      // No room, or a disk that fails: those who write themselves are told of it.
    } finally {
      this.#failedAt = this.#isWorthIt ? this.#sizes : undefined
      this.#running = undefined
    }
  }

  /** @returns whether nothing is left in it that is wanted */
  async #empty(segment: Segment): Promise<boolean> {
    let step = new Step(segment)
    for await (const frame of frames(segment, false)) {
      for (const entry of frame.entries) this.#collect(step, entry, frame)
      if (segment.isDamaged) return false
      if (step.bytes < stepBytes) continue
      await this.#write(step)
      if (this.#isStopped) return false
      step = new Step(segment)
    }
    await this.#write(step)
    return segment.isUnused
  }

  /** Takes what is wanted of an entry into a step. */
  #collect(step: Step, entry: Entry, { body, bodyAt }: ScannedFrame): void {
    const stream = this.#streams.get(entry.id)
    if (stream?.headSegment === step.segment) step.addHead(entry.id)
    for (const [index, at] of entry.records.entries()) {
      const sequenceNr = entry.argument + index
      const place =
        entry.kind === 'snapshot'
          ? stream?.snapshots.find((one) => one.sequenceNr === sequenceNr)
          : stream && this.#streams.find(stream, sequenceNr)
      if (place?.segment !== step.segment || place.offset !== bodyAt + at) continue
      // Stays where it is, and so does all that is newer.
      if (!decodeRecord(body, at)) step.segment.isDamaged = true
      else step.add(entry, sequenceNr, body.subarray(at, at + recordBytes(body, at)))
    }
  }

  async #write(step: Step): Promise<void> {
    const plan: Plan = (headOf) => {
      const moved = step.moves.flatMap((move) => this.#planMove(step, move, headOf(move.id)))
      // What is moved carries the head as well.
      const withHead = new Set(moved.map(({ id }) => id))
      const heads = [...step.heads].filter((id) => !withHead.has(id))
      return [
        ...moved,
        ...heads.map((id): NewEntry => ({ kind: 'head', id, head: headOf(id), argument: 0 })),
      ]
    }
    // In a frame of its own: between the plan and the disk, nothing is deleted or replaced.
    await this.#queue.submit(step.bytes, plan, true)
  }

  #planMove(
    { segment }: Step,
    { kind, id, first, records }: Move,
    head: JournalHead,
  ): readonly NewEntry[] {
    if (kind === 'snapshot') {
      const snapshots = this.#streams.get(id)?.snapshots ?? []
      const place = snapshots.find(({ sequenceNr }) => sequenceNr === first)
      if (place?.segment !== segment) return [] // Replaced or deleted meanwhile.
    }
    const deleted = kind === 'events' ? Math.max(0, head.deletedTo - first + 1) : 0
    const left = records.slice(deleted)
    if (left.length === 0) return []
    return [{ kind, id, head, argument: first + deleted, records: joined(left) }]
  }
}

/** In bytes. */
interface Sizes {
  readonly all: number
  /** Wanted. */
  readonly live: number
}

/** Records of one id, with numbers that follow one another. */
interface Move {
  readonly kind: Entry['kind']
  readonly id: string
  readonly first: number
  readonly records: Uint8Array[]
}

/** What is moved in one frame. */
class Step {
  readonly segment: Segment
  readonly moves: Move[] = []
  /** Ids whose last head is in the segment. */
  readonly heads = new Set<string>()
  bytes = 0

  constructor(segment: Segment) {
    this.segment = segment
  }

  addHead(id: string): void {
    if (!this.heads.has(id)) this.bytes += entryHeaderBytes + id.length
    this.heads.add(id)
  }

  add({ kind, id }: Entry, sequenceNr: number, record: Uint8Array): void {
    const own = new Uint8Array(record)
    this.bytes += own.length
    const last = this.moves.at(-1)
    const follows =
      kind === 'events' &&
      last?.kind === kind &&
      last.id === id &&
      last.first + last.records.length === sequenceNr
    if (follows) last.records.push(own)
    else this.moves.push({ kind, id, first: sequenceNr, records: [own] })
  }
}

function joined(records: readonly Uint8Array[]): EncodedRecords {
  const offsets: number[] = []
  let at = 0
  for (const { length } of records) {
    offsets.push(at)
    at += length
  }
  return { bytes: Buffer.concat(records), offsets }
}
