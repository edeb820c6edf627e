// Opening: reads the whole log once, to know where everything is, and mends its end.
import { frameHeaderBytes, readSegmentHeader, segmentHeaderBytes } from './frame.ts'
import type { JournalFiles } from './journal-files.ts'
import { damagedAt, frames } from './scan.ts'
import { Segment, segmentName, segmentNumber } from './segment.ts'
import type { Streams } from './streams.ts'

/** What a crash had left unfinished, and was cut off. */
export interface Repair {
  /** As in `00000017.log at byte 4096`. */
  readonly place: string
  readonly bytes: number
}

const chunkBytes = 1024 * 1024

export interface Replayed {
  readonly segments: readonly Segment[]
  readonly nextFrame: number
  readonly repair: Repair | undefined
}

/**
 * Reads the log into `streams`.
 *
 * @throws JournalError `CASTY_JOURNAL_DAMAGED`; all files are closed then
 */
export async function replay(files: JournalFiles, streams: Streams): Promise<Replayed> {
  const segments: Segment[] = []
  try {
    return await replayInto(files, streams, segments)
  } catch (error) {
    for (const segment of segments) await segment.retire()
    throw error
  }
}

async function replayInto(
  files: JournalFiles,
  streams: Streams,
  segments: Segment[],
): Promise<Replayed> {
  const numbers = (await files.list())
    .flatMap((name) => segmentNumber(name) ?? [])
    .toSorted((left, right) => left - right)
  const [oldest = 0] = numbers
  let lastFrame: number | undefined
  let repair: Repair | undefined
  for (const [index, number] of numbers.entries()) {
    if (number !== oldest + index) {
      throw damagedAt({ name: segmentName(oldest + index) }, 0, 'the file is missing')
    }
    const isLast = index === numbers.length - 1
    const segment = await openSegment(files, number, isLast)
    if (!segment) break // Begun, and never used.
    segments.push(segment)
    streams.addSegment(segment)
    const found = await replaySegment(segment, isLast, streams, lastFrame)
    lastFrame = found.lastFrame
    if (found.end < segment.sizeBytes) {
      const bytes = await bytesBeforeZeros(segment, found.end)
      if (bytes > 0) repair = { place: `${segment.name} at byte ${found.end}`, bytes }
      await segment.file.truncate(found.end)
      segment.sizeBytes = found.end
    }
    if (isLast) await settle(segment, found.lastAt)
  }
  await files.sync() // Of a file, the process that began it may have ended before this.
  return { segments, nextFrame: (lastFrame ?? 0) + 1, repair }
}

/**
 * What was found counts as written from now on, whether or not it had been flushed. It is written once more: where
 * a flush had failed, and whoever was told of it is gone, the system may show what is not on the disk, and take the next
 * flush for done. All before the last frame was flushed when that was begun.
 *
 * @param from - where the last frame begins, or the header where there is none
 * @see Rebello et al., "Can applications recover from fsync failures?", ATC 2020, §3
 */
async function settle(segment: Segment, from: number): Promise<void> {
  const chunk = Buffer.alloc(Math.min(chunkBytes, segment.sizeBytes - from))
  for (let at = from; at < segment.sizeBytes;) {
    const wanted = Math.min(chunk.length, segment.sizeBytes - at)
    const read = await segment.read(chunk.subarray(0, wanted), at)
    if (read === 0) throw new Error(`${segment.name} has become shorter while it was read`)
    at += await segment.file.write(chunk.subarray(0, read), at)
  }
  await segment.file.sync()
}

/** How much there is behind the log until only zeros follow: those were written ahead. */
async function bytesBeforeZeros(segment: Segment, from: number): Promise<number> {
  const chunk = Buffer.alloc(Math.min(chunkBytes, segment.sizeBytes - from))
  let bytes = 0
  for (let at = from; at < segment.sizeBytes;) {
    const read = await segment.read(chunk, at)
    if (read === 0) throw new Error(`${segment.name} has become shorter while it was read`)
    const last = chunk.subarray(0, read).findLastIndex((byte) => byte !== 0)
    if (last >= 0) bytes = at + last + 1 - from
    at += read
  }
  return bytes
}

async function openSegment(
  files: JournalFiles,
  number: number,
  isLast: boolean,
): Promise<Segment | undefined> {
  const name = segmentName(number)
  const file = await files.open(name)
  const bytes = Buffer.alloc(segmentHeaderBytes)
  const read = await file.read(bytes, 0)
  const header = readSegmentHeader(bytes.subarray(0, read))
  const size = await file.size()
  if (header?.number === number) return new Segment(number, header.marker, file, size)
  await file.close()
  // No frame is written before the header is on disk.
  if (!isLast || size >= segmentHeaderBytes + frameHeaderBytes) {
    throw damagedAt({ name }, 0, 'its header does not check out, or is that of a later version')
  }
  await files.remove(name)
  await files.sync()
  return undefined
}

interface Found {
  /** The number of the last frame so far. */
  readonly lastFrame: number | undefined
  /** Where the last one of this segment begins; 0 where it has none. */
  readonly lastAt: number
  /** Where frames end. */
  readonly end: number
}

async function replaySegment(
  segment: Segment,
  isLast: boolean,
  streams: Streams,
  before: number | undefined,
): Promise<Found> {
  const reading = frames(segment, isLast)
  let lastFrame = before
  let lastAt = 0
  for (;;) {
    const next = await reading.next()
    if (next.done) return { lastFrame, lastAt, end: next.value }
    const { number, at, bodyAt, entries, isDamaged } = next.value
    if (lastFrame !== undefined && number !== lastFrame + 1) {
      throw damagedAt(segment, at, `frame ${lastFrame + 1} is missing before frame ${number}`)
    }
    lastFrame = number
    lastAt = at
    if (isDamaged) segment.isDamaged = true
    for (const entry of entries) streams.apply(entry, segment, bodyAt)
  }
}
