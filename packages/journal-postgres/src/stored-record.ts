// Records as rows, and what makes sure that they are still what was written. The server can check its pages
// by itself, but not everybody has it do so, and it does not see a row that was changed or moved.
import { crc32 } from 'node:zlib'
import type { JournalRecord, StoredEvent, StoredSnapshot } from '@casty/persistence'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Ids and manifests as they are kept. */
export function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8')
}

/** What a checksum is about besides manifest and bytes. */
interface Place {
  readonly kind: 'event' | 'snapshot'
  readonly id: Uint8Array
  readonly sequenceNr: number
  /** That of an event. */
  readonly epoch: number
}

/** CRC-32 of all of a record and of where it belongs: one that was moved is found too. */
export function checksumOf(place: Place, record: JournalRecord, manifest: Uint8Array): number {
  const numbers = [
    place.sequenceNr,
    place.epoch,
    record.version,
    record.timestamp,
    place.id.length,
    manifest.length,
  ]
  const header = new DataView(new ArrayBuffer(1 + 8 * numbers.length))
  header.setUint8(0, place.kind === 'event' ? 1 : 2)
  for (const [index, number] of numbers.entries()) header.setFloat64(1 + 8 * index, number)
  const parts = [new Uint8Array(header.buffer), place.id, manifest, record.bytes]
  return parts.reduce((sum, part) => crc32(part, sum), 0)
}

/** An event of a row; undefined where it cannot be trusted. */
export function eventOf(row: unknown, id: Uint8Array): StoredEvent | undefined {
  const sequenceNr = integerOf(row, 'sequence_nr')
  const epoch = integerOf(row, 'epoch')
  const record = soundRecord(row, { kind: 'event', id, sequenceNr, epoch })
  return record && { ...record, sequenceNr, epoch }
}

/** A snapshot of a row; undefined where it cannot be trusted. */
export function snapshotOf(row: unknown, id: Uint8Array): StoredSnapshot | undefined {
  const sequenceNr = integerOf(row, 'sequence_nr')
  const record = soundRecord(row, { kind: 'snapshot', id, sequenceNr, epoch: 0 })
  return record && { ...record, sequenceNr }
}

function soundRecord(row: unknown, place: Place): JournalRecord | undefined {
  const manifest = bytesOf(row, 'manifest')
  const record = {
    manifest: decoder.decode(manifest),
    version: integerOf(row, 'version'),
    timestamp: integerOf(row, 'timestamp'),
    bytes: bytesOf(row, 'bytes'),
  }
  const isSound = checksumOf(place, record, manifest) === integerOf(row, 'checksum')
  return isSound ? record : undefined
}

/** A number that the server sent, whichever type the driver is told to make of it. */
export function integerOf(row: unknown, column: string): number {
  return Number(valueOf(row, column))
}

/** Bytes that the server sent as hexadecimal digits. */
function bytesOf(row: unknown, column: string): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(String(valueOf(row, column)), 'hex')
  return new Uint8Array(buffer, byteOffset, length)
}

/** A text that the server sent as hexadecimal digits of its UTF-8. */
export function textOf(row: unknown, column: string): string {
  return decoder.decode(bytesOf(row, column))
}

/** A column of a row that the server sent. */
export function valueOf(row: unknown, column: string): unknown {
  // Every object may be read by name.
  return typeof row === 'object' && row !== null
    ? (row as Readonly<Record<string, unknown>>)[column]
    : undefined
}
