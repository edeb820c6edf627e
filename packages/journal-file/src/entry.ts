// What is in a frame: entries, each about one id, with the head of that id as it is after the entry. So the
// last entry of an id tells how far its events go, whatever came before and is no longer kept.
//
//   records u32 | their length u32 | kind u8 | 0 u8 | id length u16 | epoch f64 | sequence number f64 |
//   deleted up to f64 | argument f64 | id
//
// Their records follow all entries of the frame, in the same order: one checksum is of all entries, and one of all
// records, which have one each besides. So damage in a record leaves the rest of a frame readable.
import type { JournalHead } from '@casty/persistence'
import { decodeRecord, recordBytes, type EncodedRecords } from './record.ts'

export const entryHeaderBytes = 44

/** What an entry is about; the numbers are those in files. */
const entryKinds = {
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
  /** With its records. */
  readonly sizeBytes: number
  /** Where each record begins, in the body of the frame. */
  readonly records: readonly number[]
}

/** Without its records. */
export function entryBytes({ id }: NewEntry): number {
  return entryHeaderBytes + Buffer.byteLength(id)
}

/** Writes an entry into a body. */
export function encodeEntry(
  body: Buffer,
  offset: number,
  recordsFrom: number,
  entry: NewEntry,
): Entry {
  const { kind, id, head, argument, records } = entry
  const recordsBytes = records?.bytes.length ?? 0
  const idBytes = body.write(id, offset + entryHeaderBytes)
  body.writeUInt32LE(records?.offsets.length ?? 0, offset)
  body.writeUInt32LE(recordsBytes, offset + 4)
  body[offset + 8] = entryKinds[kind]
  body[offset + 9] = 0
  body.writeUInt16LE(idBytes, offset + 10)
  body.writeDoubleLE(head.epoch, offset + 12)
  body.writeDoubleLE(head.sequenceNr, offset + 20)
  body.writeDoubleLE(head.deletedTo, offset + 28)
  body.writeDoubleLE(argument, offset + 36)
  if (records) body.set(records.bytes, recordsFrom)
  const places = records ? records.offsets.map((at) => recordsFrom + at) : noPlaces
  const sizeBytes = entryHeaderBytes + idBytes + recordsBytes
  return { kind, id, head, argument, sizeBytes, records: places }
}

const noPlaces: readonly number[] = []

/**
 * The entries of a body, whose checksum fits.
 *
 * @param areDamaged - the checksum of all records does not fit. Then each is looked at; one that does not check out
 *   is given the place of itself, and so are those after it in its entry, whose places are lost: who reads there
 *   finds the damage
 */
export function decodeEntries(
  body: Buffer,
  entriesBytes: number,
  areDamaged: boolean,
): readonly Entry[] {
  const entries: Entry[] = []
  let recordsFrom = entriesBytes
  for (let offset = 0; offset < entriesBytes;) {
    const idFrom = offset + entryHeaderBytes
    const idEnd = idFrom + body.readUInt16LE(offset + 10)
    const recordsEnd = recordsFrom + body.readUInt32LE(offset + 4)
    const count = body.readUInt32LE(offset)
    entries.push({
      kind: kindsByNumber[body[offset + 8] ?? 0] ?? 'head',
      id: body.toString('utf8', idFrom, idEnd),
      head: {
        epoch: body.readDoubleLE(offset + 12),
        sequenceNr: body.readDoubleLE(offset + 20),
        deletedTo: body.readDoubleLE(offset + 28),
      },
      argument: body.readDoubleLE(offset + 36),
      sizeBytes: idEnd - offset + recordsEnd - recordsFrom,
      records: recordPlaces(body.subarray(0, recordsEnd), recordsFrom, count, areDamaged),
    })
    offset = idEnd
    recordsFrom = recordsEnd
  }
  return entries
}

function recordPlaces(body: Buffer, from: number, count: number, areDamaged: boolean): number[] {
  const places: number[] = []
  let at = from
  while (places.length < count) {
    places.push(at)
    if (areDamaged && !decodeRecord(body, at)) continue // All that follow are sought here.
    at += recordBytes(body, at)
  }
  return places
}
