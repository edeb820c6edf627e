// Reading a segment from its beginning: when a journal is opened, and when what is wanted of it is moved.
import { JournalError } from '@casty/persistence'
import { crc32 } from 'node:zlib'
import { decodeEntries, type Entry } from './entry.ts'
import { frameHeaderBytes, markerBytes, readFrameHeader, segmentHeaderBytes } from './frame.ts'
import type { Segment } from './segment.ts'
import { Window } from './window.ts'

const windowBytes = 1024 * 1024

export interface ScannedFrame {
  readonly number: number
  readonly at: number
  readonly bodyAt: number
  /** Valid until the next frame is asked for. */
  readonly body: Buffer
  readonly entries: readonly Entry[]
  /** The body does not check out, though each of its entries tells whose records it has. */
  readonly isDamaged: boolean
}

/**
 * The frames of a segment in order.
 *
 * @param isLast - whether a crash may have interrupted its last frame: those before were whole when the next was begun
 * @returns where they end: at the end of the file, or where the last one was interrupted
 * @throws JournalError `CASTY_JOURNAL_DAMAGED` where a frame does not check out, another one follows, and nobody can
 *   tell whose records are lost
 */
export async function* frames(
  segment: Segment,
  isLast: boolean,
): AsyncGenerator<ScannedFrame, number> {
  const fileBytes = segment.sizeBytes
  const window = new Window(windowBytes)
  const isFollowed = async (from: number, number: number): Promise<boolean> =>
    !isLast || (await hasFrameAfter(segment, from, number))
  let last = 0
  for (let at = segmentHeaderBytes; at < fileBytes;) {
    const headerBytes = await window.load(segment, at, frameHeaderBytes)
    const header = readFrameHeader(headerBytes, segment.marker)
    const end = at + frameHeaderBytes + (header?.bodyBytes ?? 0)
    if (!header || end > fileBytes) {
      if (!(await isFollowed(at + 1, header?.number ?? last))) return at
      throw damagedAt(segment, at, 'the beginning of a frame that others follow is damaged')
    }
    const bodyAt = at + frameHeaderBytes
    const body = await window.load(segment, bodyAt, header.bodyBytes)
    const entriesAreDamaged = crc32(body.subarray(0, header.entriesBytes)) !== header.entriesCrc
    const recordsAreDamaged = crc32(body.subarray(header.entriesBytes)) !== header.recordsCrc
    const isDamaged = entriesAreDamaged || recordsAreDamaged
    if (isDamaged && !(await isFollowed(end, header.number))) return at
    if (entriesAreDamaged) throw damagedAt(segment, at, 'a frame that others follow is damaged')
    const entries = decodeEntries(body, header.entriesBytes, isDamaged)
    yield { number: header.number, at, bodyAt, body, entries, isDamaged }
    last = header.number
    at = end
  }
  return fileBytes
}

/**
 * Whether a frame with a higher number begins somewhere behind: then the one before was on disk as a whole, once.
 *
 * @param from - where to begin to look
 */
async function hasFrameAfter(segment: Segment, from: number, number: number): Promise<boolean> {
  const window = new Window(windowBytes)
  for (let at = from; at < segment.sizeBytes; at += windowBytes) {
    // Overlapping, so that no header is cut in two.
    const bytes = await window.load(segment, at, windowBytes + frameHeaderBytes - 1)
    let found = bytes.indexOf(segment.marker)
    while (found >= 0) {
      const header = readFrameHeader(bytes.subarray(found), segment.marker)
      if (header && header.number > number) return true
      found = bytes.indexOf(segment.marker, found + markerBytes)
    }
  }
  return false
}

export function damagedAt(segment: { readonly name: string }, at: number, problem: string): Error {
  return JournalError.damaged(undefined, problem, { place: `${segment.name} at byte ${at}` })
}
