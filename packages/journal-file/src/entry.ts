// What is in a frame: entries, each about one id, with the head of that id as it is after the entry. So the
// last entry of an id tells how far its events go, whatever came before and is no longer kept.
//
//   length u32 | kind u8 | 0 u8 | id length u16 | epoch f64 | sequence number f64 | deleted up to f64 |
//   argument f64 | records u32 | crc of all before and the id u32 | id | records …
import type { JournalHead } from '@casty/persistence'
import { crc32 } from 'node:zlib'
import { decodeRecord, recordBytes, type EncodedRecords } from './record.ts'

export const entryHeaderBytes = 48

/** What an entry is about; the numbers are those in files. */
export const entryKinds = {
  /** Nothing but the head. */
  head: 0,
  /** The argument is the number of the first. */
  events: 1,
  /** The argument is its number. */
  snapshot: 2,
  /** The argument is the last that is deleted. */
  'snapshots-deleted': 3,
} as const
export type EntryKind = keyof typeof entryKinds
const kindsByNumber: readonly EntryKind[] = ['head', 'events', 'snapshot', 'snapshots-deleted']

/** What is to be written. */
export interface NewEntry {
  readonly kind: EntryKind
  readonly id: string
  readonly head: JournalHead
  readonly argument: number
  readonly records?: EncodedRecords
}

/** What is written. */
export interface Entry {
  readonly kind: EntryKind
  readonly id: string
  readonly head: JournalHead
  readonly argument: number
  /** Where it begins in the body of its frame. */
  readonly offset: number
  readonly sizeBytes: number
  /** Where each record begins, in the body of the frame. */
  readonly records: readonly number[]
}

export function entryBytes({ id, records }: NewEntry): number {
  return entryHeaderBytes + Buffer.byteLength(id) + (records?.bytes.length ?? 0)
}

/** Writes an entry into a body. */
export function encodeEntry(body: Buffer, offset: number, entry: NewEntry): Entry {
  const { kind, id, head, argument, records } = entry
  const idFrom = offset + entryHeaderBytes
  const idBytes = body.write(id, idFrom)
  const recordsFrom = idFrom + idBytes
  const sizeBytes = entryHeaderBytes + idBytes + (records?.bytes.length ?? 0)
  body.writeUInt32LE(sizeBytes, offset)
  body[offset + 4] = entryKinds[kind]
  body[offset + 5] = 0
  body.writeUInt16LE(idBytes, offset + 6)
  body.writeDoubleLE(head.epoch, offset + 8)
  body.writeDoubleLE(head.sequenceNr, offset + 16)
  body.writeDoubleLE(head.deletedTo, offset + 24)
  body.writeDoubleLE(argument, offset + 32)
  body.writeUInt32LE(records?.offsets.length ?? 0, offset + 40)
  body.writeUInt32LE(headerCrc(body, offset, idBytes), offset + 44)
  if (records) body.set(records.bytes, recordsFrom)
  const positions = records ? records.offsets.map((at) => recordsFrom + at) : []
  return { kind, id, head, argument, offset, sizeBytes, records: positions }
}

function headerCrc(body: Buffer, offset: number, idBytes: number): number {
  const idFrom = offset + entryHeaderBytes
  const crc = crc32(body.subarray(offset, offset + 44))
  return crc32(body.subarray(idFrom, idFrom + idBytes), crc)
}

/**
 * The entries of a body.
 *
 * @param isDamaged - then each record is looked at; one that does not check out is given the place of itself, and so
 *   are those after it in its entry, whose places are lost: who reads there finds the damage
 * @returns undefined where a header does not check out, so that nobody can say whose records those are
 */
export function decodeEntries(body: Buffer, isDamaged: boolean): readonly Entry[] | undefined {
  const entries: Entry[] = []
  for (let offset = 0; offset < body.length;) {
    const entry = decodeEntry(body, offset, isDamaged)
    if (!entry) return undefined
    entries.push(entry)
    offset += entry.sizeBytes
  }
  return entries
}

function decodeEntry(body: Buffer, offset: number, isDamaged: boolean): Entry | undefined {
  if (body.length - offset < entryHeaderBytes) return undefined
  const sizeBytes = body.readUInt32LE(offset)
  const idBytes = body.readUInt16LE(offset + 6)
  const recordsFrom = offset + entryHeaderBytes + idBytes
  const end = offset + sizeBytes
  const kind = kindsByNumber[body[offset + 4] ?? -1]
  if (!kind || end > body.length || recordsFrom > end) return undefined
  if (headerCrc(body, offset, idBytes) !== body.readUInt32LE(offset + 44)) return undefined
  return {
    kind,
    id: body.toString('utf8', offset + entryHeaderBytes, recordsFrom),
    head: {
      epoch: body.readDoubleLE(offset + 8),
      sequenceNr: body.readDoubleLE(offset + 16),
      deletedTo: body.readDoubleLE(offset + 24),
    },
    argument: body.readDoubleLE(offset + 32),
    offset,
    sizeBytes,
    records: recordPlaces(body.subarray(0, end), recordsFrom, offset, isDamaged),
  }
}

function recordPlaces(body: Buffer, from: number, entry: number, isDamaged: boolean): number[] {
  const count = body.readUInt32LE(entry + 40)
  const places: number[] = []
  let at = from
  while (places.length < count) {
    places.push(at)
    if (isDamaged && !decodeRecord(body, at)) continue // All that follow are sought here.
    at += recordBytes(body, at)
  }
  return places
}
