// What a node writes to its journal of the copies of one shard: what was done to them, each as one record.
import type { JournalRecord } from '@casty/persistence'
import { ByteWriter } from '@casty/transport'
import { writeEntry, writeLineage, writePiece } from './copy-format.ts'
import type { Piece } from './copy.ts'
import type { Lineage } from './lineage.ts'
import type { ReplicatedEntry } from './messages.ts'

/** They are on disks: none may be given to anything else. */
export const manifests = {
  operation: 'operation',
  piece: 'piece',
  forgotten: 'forgotten',
  lineage: 'lineage',
} as const

/** An operation was applied to a copy. */
export function operationRecord(entry: ReplicatedEntry, timestamp: number): JournalRecord {
  return recordOf(manifests.operation, bytesOf(writeEntry, entry), timestamp)
}

/** Of a whole copy, which takes the place of what was there once all its pieces have come. */
export function pieceRecord(piece: Piece, timestamp: number): JournalRecord {
  return recordOf(manifests.piece, bytesOf(writePiece, piece), timestamp)
}

/** All that there is, or comes next, is of that one. */
export function lineageRecord(lineage: Lineage, timestamp: number): JournalRecord {
  return recordOf(manifests.lineage, bytesOf(writeLineage, lineage), timestamp)
}

/** Nothing of what was there before is needed. */
export function forgottenRecord(timestamp: number): JournalRecord {
  return recordOf(manifests.forgotten, new Uint8Array(), timestamp)
}

function recordOf(manifest: string, bytes: Uint8Array, timestamp: number): JournalRecord {
  return { manifest, version: 0, timestamp, bytes }
}

function bytesOf<T>(write: (writer: ByteWriter, value: T) => void, value: T): Uint8Array {
  const writer = new ByteWriter()
  write(writer, value)
  return writer.finish()
}
