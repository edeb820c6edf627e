// How a segment file looks. All numbers are little-endian; `crc` is CRC-32 (zlib.crc32).
//
//   segment: "CASTYLOG" | format u32 | number u32 | marker 8 bytes | 0 u32 | crc of all before u32 | frames …
//   frame:   marker 8 bytes | frame number f64 | length of its entries u32 | length of all u32 | crc of the
//            entries u32 | crc of the records u32 | 0 u32 | crc of all before u32 | entries … | records …
//
// One frame is what one flush made durable, and the next one is written only after it. So a frame that
// does not check out is one that a crash interrupted if it is the last, and damage if another comes after it. The
// marker, which is random for each segment, lets that one be found when the length of the damaged one is
// lost. Frames are numbered through all segments, so none can vanish unseen. One with an empty body says only
// that those before it were flushed: it is written when a journal is opened and when it is closed. Zeros may follow the
// last frame of the last segment, which later ones are written over.
import { crc32 } from 'node:zlib'

const magic = 'CASTYLOG'
const format = 1
export const segmentHeaderBytes = 32
export const frameHeaderBytes = 40
export const markerBytes = 8

export interface SegmentHeader {
  readonly number: number
  readonly marker: Uint8Array
}

export interface FrameHeader {
  readonly number: number
  /** Entries come first. */
  readonly entriesBytes: number
  /** Of entries and records. */
  readonly bodyBytes: number
  readonly entriesCrc: number
  readonly recordsCrc: number
}

/** @param marker - a new one, of `markerBytes`: no event that anybody writes contains it */
export function newSegmentHeader(
  number: number,
  marker: Uint8Array,
): { header: SegmentHeader; bytes: Uint8Array } {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  bytes.write(magic, 'latin1')
  bytes.writeUInt32LE(format, 8)
  bytes.writeUInt32LE(number, 12)
  bytes.set(marker, 16)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
  return { header: { number, marker }, bytes }
}

/** Undefined where it is none, or one of another format. */
export function readSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined
  if (bytes.toString('latin1', 0, 8) !== magic || bytes.readUInt32LE(8) !== format) return undefined
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) return undefined
  return { number: bytes.readUInt32LE(12), marker: new Uint8Array(bytes.subarray(16, 24)) }
}

/** Fills in the header before a body that is there already. */
export function writeFrameHeader(
  frame: Buffer,
  marker: Uint8Array,
  number: number,
  entriesBytes: number,
): void {
  const recordsFrom = frameHeaderBytes + entriesBytes
  frame.set(marker, 0)
  frame.writeDoubleLE(number, 8)
  frame.writeUInt32LE(entriesBytes, 16)
  frame.writeUInt32LE(frame.length - frameHeaderBytes, 20)
  frame.writeUInt32LE(crc32(frame.subarray(frameHeaderBytes, recordsFrom)), 24)
  frame.writeUInt32LE(crc32(frame.subarray(recordsFrom)), 28)
  frame.writeUInt32LE(0, 32)
  frame.writeUInt32LE(crc32(frame.subarray(0, 36)), 36)
}

/** The header at the beginning of some bytes; undefined where there is none that checks out. */
export function readFrameHeader(bytes: Buffer, marker: Uint8Array): FrameHeader | undefined {
  if (bytes.length < frameHeaderBytes || bytes.compare(marker, 0, 8, 0, 8) !== 0) return undefined
  if (crc32(bytes.subarray(0, 36)) !== bytes.readUInt32LE(36)) return undefined
  return {
    number: bytes.readDoubleLE(8),
    entriesBytes: bytes.readUInt32LE(16),
    bodyBytes: bytes.readUInt32LE(20),
    entriesCrc: bytes.readUInt32LE(24),
    recordsCrc: bytes.readUInt32LE(28),
  }
}
