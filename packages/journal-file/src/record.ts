// Events and snapshots as bytes, each with a checksum of its own:
//
//   crc of all, with zeros in its own place u32 | manifest length u16 | 0 u16 | version u32 | length u32 | sequence number f64 |
//   epoch f64 | timestamp f64 | manifest | bytes
import type { JournalRecord, StoredEvent } from '@casty/persistence'
import { crc32 } from 'node:zlib'

export const recordHeaderBytes = 40

/** Records one after another. */
export interface EncodedRecords {
  readonly bytes: Uint8Array
  /** Where each begins in `bytes`. */
  readonly offsets: readonly number[]
}

/** Copies everything: callers may do what they like with theirs afterwards. */
export function encodeRecords(
  records: readonly JournalRecord[],
  epoch: number,
  firstSequenceNr: number,
): EncodedRecords {
  const [only] = records
  if (only && records.length === 1) return encodeOne(only, epoch, firstSequenceNr)
  const sizes = records.map(sizeOf)
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size, 0))
  const offsets: number[] = []
  let at = 0
  for (const [index, record] of records.entries()) {
    const size = sizes[index] ?? 0
    offsets.push(at)
    encodeInto(bytes.subarray(at, at + size), record, epoch, firstSequenceNr + index)
    at += size
  }
  return { bytes, offsets }
}

const onlyOffset: readonly number[] = [0]

/** As most batches are: without the lists that several need. */
function encodeOne(record: JournalRecord, epoch: number, sequenceNr: number): EncodedRecords {
  const bytes = Buffer.allocUnsafe(sizeOf(record))
  encodeInto(bytes, record, epoch, sequenceNr)
  return { bytes, offsets: onlyOffset }
}

function sizeOf({ manifest, bytes }: JournalRecord): number {
  return recordHeaderBytes + Buffer.byteLength(manifest) + bytes.length
}

function encodeInto(
  target: Buffer,
  { manifest, version, timestamp, bytes }: JournalRecord,
  epoch: number,
  sequenceNr: number,
): void {
  const manifestBytes = target.length - recordHeaderBytes - bytes.length
  target.writeUInt16LE(manifestBytes, 4)
  target.writeUInt16LE(0, 6)
  target.writeUInt32LE(version, 8)
  target.writeUInt32LE(bytes.length, 12)
  target.writeDoubleLE(sequenceNr, 16)
  target.writeDoubleLE(epoch, 24)
  target.writeDoubleLE(timestamp, 32)
  target.write(manifest, recordHeaderBytes)
  target.set(bytes, recordHeaderBytes + manifestBytes)
  target.writeUInt32LE(0, 0)
  target.writeUInt32LE(crc32(target), 0)
}

/** Of the four zeros in whose place it is written. */
const crcOfZeros = crc32(new Uint8Array(4))

/** How long the record is that begins here, as far as its header can be believed. */
export function recordBytes(buffer: Buffer, at: number): number {
  return recordHeaderBytes + buffer.readUInt16LE(at + 4) + buffer.readUInt32LE(at + 12)
}

/** Undefined where it does not check out. */
export function decodeRecord(buffer: Buffer, at: number): StoredEvent | undefined {
  if (buffer.length - at < recordHeaderBytes) return undefined
  const end = at + recordBytes(buffer, at)
  if (end > buffer.length) return undefined
  if (crc32(buffer.subarray(at + 4, end), crcOfZeros) !== buffer.readUInt32LE(at)) return undefined
  const bytesFrom = end - buffer.readUInt32LE(at + 12)
  return {
    manifest: buffer.toString('utf8', at + recordHeaderBytes, bytesFrom),
    version: buffer.readUInt32LE(at + 8),
    timestamp: buffer.readDoubleLE(at + 32),
    bytes: new Uint8Array(buffer.subarray(bytesFrom, end)),
    sequenceNr: buffer.readDoubleLE(at + 16),
    epoch: buffer.readDoubleLE(at + 24),
  }
}
