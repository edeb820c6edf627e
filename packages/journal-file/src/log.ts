// The end of the log, where frames are written. Frames go to disk one after another.
import { JournalError } from '@casty/persistence'
import { encodeEntry, entryBytes, type Entry, type NewEntry } from './entry.ts'
import {
  frameHeaderBytes,
  markerBytes,
  newSegmentHeader,
  segmentHeaderBytes,
  writeFrameHeader,
} from './frame.ts'
import type { JournalFile, JournalFiles } from './journal-files.ts'
import type { FileJournalSettings } from './options.ts'
import { Preallocation } from './preallocation.ts'
import { Segment, segmentName } from './segment.ts'

/** Frames up to this size are put together in memory that is used again. */
const scratchBytes = 1024 * 1024

/** Entries on disk. */
export interface Written {
  readonly segment: Segment
  /** Where the body of their frame begins. */
  readonly bodyAt: number
  readonly entries: readonly Entry[]
}

export type LogSettings = Pick<
  FileJournalSettings,
  'files' | 'segmentBytes' | 'preallocateBytes' | 'randomBytes'
>

/** The segments, oldest first; frames go to the last. */
export class Log {
  readonly segments: Segment[]
  readonly #files: JournalFiles
  readonly #segmentBytes: number
  readonly #ahead: Preallocation
  readonly #randomBytes: (size: number) => Uint8Array
  readonly #onSegment: (segment: Segment) => void
  readonly #scratch = Buffer.allocUnsafe(scratchBytes)
  #nextFrame: number
  /** A file that was begun in vain, and not removed yet. */
  #leftover: { readonly name: string; readonly file: JournalFile } | undefined
  /** Why nobody can tell any more how the log ends. */
  #failure: Error | undefined

  constructor(
    { files, segmentBytes, preallocateBytes, randomBytes }: LogSettings,
    segments: readonly Segment[],
    nextFrame: number,
    onSegment: (segment: Segment) => void,
  ) {
    this.#files = files
    this.segments = [...segments]
    this.#nextFrame = nextFrame
    this.#segmentBytes = segmentBytes
    this.#ahead = new Preallocation(preallocateBytes, segmentBytes)
    this.#randomBytes = randomBytes
    this.#onSegment = onSegment
  }

  /**
   * Makes entries durable, all of them or none. Not called again before it is settled.
   *
   * @throws JournalError `CASTY_JOURNAL_FULL`, `CASTY_JOURNAL_UNAVAILABLE`
   */
  async write(entries: readonly NewEntry[]): Promise<Written> {
    if (this.#failure) throw stuck(this.#failure)
    const segment = await this.#roomySegment()
    const { frame, encoded } = this.#encode(entries, segment)
    await this.#writeWhole(segment, frame)
    const bodyAt = segment.sizeBytes + frameHeaderBytes
    segment.sizeBytes += frame.length
    this.#nextFrame++
    return { segment, bodyAt, entries: encoded }
  }

  #encode(
    entries: readonly NewEntry[],
    segment: Segment,
  ): { readonly frame: Buffer; readonly encoded: readonly Entry[] } {
    let entriesBytes = 0
    let recordsBytes = 0
    for (const entry of entries) {
      entriesBytes += entryBytes(entry)
      recordsBytes += entry.records?.bytes.length ?? 0
    }
    const size = frameHeaderBytes + entriesBytes + recordsBytes
    const frame = size <= scratchBytes ? this.#scratch.subarray(0, size) : Buffer.allocUnsafe(size)
    const body = frame.subarray(frameHeaderBytes)
    const encoded: Entry[] = []
    let at = 0
    let recordsAt = entriesBytes
    for (const entry of entries) {
      const recordBytes = entry.records?.bytes.length ?? 0
      const done = encodeEntry(body, at, recordsAt, entry)
      encoded.push(done)
      at += done.sizeBytes - recordBytes
      recordsAt += recordBytes
    }
    writeFrameHeader(frame, segment.marker, this.#nextFrame, entriesBytes)
    return { frame, encoded }
  }

  async #writeWhole(segment: Segment, frame: Buffer): Promise<void> {
    const { file, sizeBytes: at } = segment
    const zeros = this.#ahead.zerosBehind(at, frame.length)
    try {
      const written = await writeFrame(file, at, frame, zeros)
      if (!file.syncsWrites) await file.sync()
      this.#ahead.written(at + written)
      if (written < frame.length + zeros) this.#ahead.refused()
    } catch (cause) {
      await this.#undo(file, at, cause)
      if (zeros === 0 || !isFull(cause)) throw refused('write', cause)
      this.#ahead.refused()
      await this.#writeWhole(segment, frame) // Without zeros, it may fit.
    }
  }

  /**
   * Takes a frame back that was written in part, or whose flush failed. What the system still held of it is
   * then of no account; where that fails as well, only reading the files anew tells how they end.
   */
  async #undo(file: JournalFile, sizeBytes: number, cause: unknown): Promise<void> {
    try {
      await file.truncate(sizeBytes)
      await file.sync()
      this.#ahead.cut()
    } catch {
      this.#failure = cause instanceof Error ? cause : new Error(String(cause))
      throw JournalError.unavailable('write', 'unknown', { cause })
    }
  }

  async #roomySegment(): Promise<Segment> {
    const last = this.segments.at(-1)
    if (last && last.sizeBytes < this.#segmentBytes) return last
    return await this.#addSegment((last?.number ?? 0) + 1)
  }

  async #addSegment(number: number): Promise<Segment> {
    const name = segmentName(number)
    try {
      await this.#removeLeftover()
      const { header, bytes } = newSegmentHeader(number, this.#randomBytes(markerBytes))
      const file = await this.#files.create(name)
      this.#leftover = { name, file }
      if ((await file.write(bytes, 0)) < bytes.length) throw noRoom()
      if (!file.syncsWrites) await file.sync()
      await this.#files.sync()
      this.#leftover = undefined
      this.#ahead.begin()
      const segment = new Segment(number, header.marker, file, segmentHeaderBytes)
      this.segments.push(segment)
      this.#onSegment(segment)
      return segment
    } catch (cause) {
      await this.#removeLeftover().catch(() => {}) // Then before the next attempt.
      throw refused('begin another file', cause)
    }
  }

  /** Nothing was ever acknowledged in it. */
  async #removeLeftover(): Promise<void> {
    if (!this.#leftover) return
    await this.#files.remove(this.#leftover.name)
    await this.#leftover.file.close()
    this.#leftover = undefined
  }

  /** Removes the oldest segment: nothing in it is wanted any more. */
  async removeOldest(): Promise<void> {
    const [oldest] = this.segments
    if (!oldest || this.segments.length < 2) return
    try {
      await this.#files.remove(oldest.name)
    } catch (error) {
      if (!isMissing(error)) throw error // Removed by an attempt that failed later.
    }
    // Before the next one is: after a loss of power, none may be missing between others.
    await this.#files.sync()
    this.segments.shift()
    await oldest.retire()
  }

  /**
   * Says that all was flushed, and cuts off the zeros behind it.
   *
   * @throws JournalError as `write` does
   */
  async end(): Promise<void> {
    await this.write([])
    const last = this.segments.at(-1)
    if (last && this.#ahead.isBehind(last.sizeBytes)) await last.file.truncate(last.sizeBytes)
  }

  async close(): Promise<void> {
    for (const segment of this.segments) await segment.retire()
    await this.#leftover?.file.close()
  }
}

/** @returns how much was written: all of the frame, and perhaps not all of the zeros behind it */
async function writeFrame(
  file: JournalFile,
  at: number,
  frame: Buffer,
  zeros: number,
): Promise<number> {
  // Longer than what it is made of: the rest is filled up with zeros.
  const bytes = zeros === 0 ? frame : Buffer.concat([frame], frame.length + zeros)
  let written = 0
  while (written < frame.length) {
    const count = await file.write(bytes.subarray(written), at + written)
    if (count === 0) throw noRoom()
    written += count
  }
  return written
}

/** A failure after which the log is as it was. */
function refused(what: string, cause: unknown): JournalError {
  if (isFull(cause)) return JournalError.full(what, { cause })
  return JournalError.unavailable(what, 'nothing-written', { cause })
}

function stuck(cause: Error): JournalError {
  const what = 'write until it is opened again, since a failed write could not be taken back'
  return JournalError.unavailable(what, 'nothing-written', { cause })
}

/** Where a write says so by what it returns. */
function noRoom(): Error {
  return Object.assign(new Error('Less was written than asked for'), { code: 'ENOSPC' })
}

function isFull(error: unknown): boolean {
  return hasCode(error, ['ENOSPC', 'EDQUOT', 'EFBIG'])
}

function isMissing(error: unknown): boolean {
  return hasCode(error, ['ENOENT'])
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
