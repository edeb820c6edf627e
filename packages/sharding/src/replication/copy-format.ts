// Operations, copies and lineages as bytes: the same between nodes and on the disk of one, so whatever was ever written so has to be
// read for good.
import type { JournalHead, JournalRecord, StoredEvent, StoredSnapshot } from '@casty/persistence'
import { TransportError, type ByteReader, type ByteWriter, type KnownTexts } from '@casty/transport'
import { readExact, type ReadCount } from '../believed.ts'
import type { CopyVersion } from './copy-version.ts'
import type { Operation, Piece } from './copy.ts'
import type { Lineage } from './lineage.ts'
import type { ReplicatedEntry } from './messages.ts'

/** Of ids. */
export const maxIdBytes = 512
const any: number = Number.MAX_SAFE_INTEGER

const operationTags = {
  append: 1,
  claim: 2,
  'save-snapshot': 3,
  'delete-events': 4,
  'delete-snapshots': 5,
} as const

/** Fewest bytes of an entry: an id without letters, two versions and a claim. */
export const minEntryBytes = 7
/** … and of a record in it: a manifest without letters, a version, a time and no bytes. */
const minRecordBytes = 4

export function writeEntry(writer: ByteWriter, entry: ReplicatedEntry): void {
  writeVersion(writer.string(entry.id, maxIdBytes), entry.previous)
  writeVersion(writer, entry.version)
  writeOperation(writer, entry.operation)
}

/** What is to be appended shares the bytes. */
export function readEntry(
  reader: ByteReader,
  readCount: ReadCount = readExact,
  texts?: KnownTexts,
): ReplicatedEntry {
  const id = reader.string(maxIdBytes, texts)
  const [previous, version] = [readVersion(reader, readCount), readVersion(reader, readCount)]
  return { id, previous, version, operation: readOperation(reader, readCount, texts) }
}

function writeOperation(writer: ByteWriter, operation: Operation): void {
  writer.u8(operationTags[operation.type])
  writeEpoch(writer, operation.epoch)
  switch (operation.type) {
    case 'append':
      writer.varint(operation.expectedSequenceNr).count(operation.events.length)
      for (const event of operation.events) writeRecord(writer, event)
      return
    case 'claim':
      return
    case 'save-snapshot':
      writeRecord(writer.varint(operation.snapshot.sequenceNr), operation.snapshot)
      return
    case 'delete-events':
    case 'delete-snapshots':
      writer.varint(operation.toSequenceNr)
  }
}

function readOperation(
  reader: ByteReader,
  readCount: ReadCount,
  texts: KnownTexts | undefined,
): Operation {
  const tag = reader.u8()
  const epoch = readEpoch(reader, readCount)
  switch (tag) {
    case operationTags.append: {
      const expectedSequenceNr = readCount(reader)
      const events: JournalRecord[] = []
      for (let left = reader.count(minRecordBytes); left > 0; left--) {
        events.push(readAppended(reader, texts))
      }
      return { type: 'append', epoch: epoch ?? 0, expectedSequenceNr, events }
    }
    case operationTags.claim:
      return { type: 'claim', epoch: epoch ?? 0 }
    case operationTags['save-snapshot']:
      return { type: 'save-snapshot', epoch, snapshot: readSnapshot(reader, readCount) }
    case operationTags['delete-events']:
      return { type: 'delete-events', epoch, toSequenceNr: readCount(reader) }
    case operationTags['delete-snapshots']:
      // Any number is right: nobody counts on from it, and users may name the highest there is to delete all.
      return { type: 'delete-snapshots', epoch, toSequenceNr: reader.varint() }
    default:
      throw TransportError.malformed(`No operation has tag ${tag}`)
  }
}

export function writePiece(writer: ByteWriter, piece: Piece): void {
  const { id, version, head, offset, events, snapshots, isLast } = piece
  writeVersion(writer.string(id, maxIdBytes), version)
  writer.varint(head.sequenceNr).varint(head.epoch).varint(head.deletedTo)
  writer.varint(offset).bool(isLast).count(events.length)
  for (const event of events) writeRecord(writer.varint(event.epoch), event)
  writer.count(snapshots.length)
  for (const snapshot of snapshots) writeRecord(writer.varint(snapshot.sequenceNr), snapshot)
}

export function readPiece(reader: ByteReader, readCount: ReadCount = readExact): Piece {
  const id = reader.string(maxIdBytes)
  const version = readVersion(reader, readCount)
  const count = (): number => readCount(reader)
  const head: JournalHead = { sequenceNr: count(), epoch: count(), deletedTo: count() }
  const [offset, isLast] = [count(), reader.bool()]
  const events: StoredEvent[] = []
  for (let left = reader.count(minRecordBytes + 1); left > 0; left--) {
    const epoch = count()
    const place = head.deletedTo + offset + events.length + 1
    events.push({ ...readRecord(reader), sequenceNr: place, epoch })
  }
  const snapshots: StoredSnapshot[] = []
  for (let left = reader.count(minRecordBytes + 1); left > 0; left--) {
    snapshots.push(readSnapshot(reader, readCount))
  }
  return { id, version, head, offset, events, snapshots, isLast }
}

function writeRecord(writer: ByteWriter, record: JournalRecord): void {
  const { manifest, version, timestamp, bytes } = record
  writer.string(manifest, any).varint(version).varint(timestamp).bytes(bytes, any)
}

function readRecord(reader: ByteReader): JournalRecord {
  const [manifest, version, timestamp] = [reader.string(any), reader.varint(), reader.varint()]
  return { manifest, version, timestamp, bytes: reader.bytes(any) }
}

/** Of an operation, which is applied at once: whoever does so copies the bytes. */
function readAppended(reader: ByteReader, texts: KnownTexts | undefined): JournalRecord {
  const manifest = reader.string(any, texts)
  const [version, timestamp] = [reader.varint(), reader.varint()]
  return { manifest, version, timestamp, bytes: reader.view(any) }
}

function readSnapshot(reader: ByteReader, readCount: ReadCount): StoredSnapshot {
  return { sequenceNr: readCount(reader), ...readRecord(reader) }
}

export function writeVersion(writer: ByteWriter, { epoch, count }: CopyVersion): void {
  writer.varint(epoch).varint(count)
}

export function readVersion(reader: ByteReader, readCount: ReadCount): CopyVersion {
  return { epoch: readCount(reader), count: readCount(reader) }
}

export function writeLineage(writer: ByteWriter, { bornIn, isConfirmed }: Lineage): void {
  writer.varint(bornIn).bool(isConfirmed)
}

export function readLineage(reader: ByteReader, readCount: ReadCount = readExact): Lineage {
  return { bornIn: readCount(reader), isConfirmed: reader.bool() }
}

/** Undefined is 0, as an epoch that somebody has is one above. */
export function writeEpoch(writer: ByteWriter, epoch: number | undefined): void {
  writer.varint(epoch === undefined ? 0 : epoch + 1)
}

export function readEpoch(reader: ByteReader, readCount: ReadCount): number | undefined {
  const value = readCount(reader)
  return value === 0 ? undefined : value - 1
}
