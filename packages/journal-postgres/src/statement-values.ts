import type { AppendRequest, StoredSnapshot } from '@casty/persistence'
import { checksumOf, utf8 } from './stored-record.ts'

/**
 * A batch as the seven values of its statement: all bytes in one, which travel as they are, and a list for
 * each column that tells where they begin and how long they are. The text of the statement is the same for
 * batches of any size. What is returned shares nothing with the request.
 */
export function batchValues(
  id: Uint8Array,
  { epoch, expectedSequenceNr, events }: AppendRequest,
): readonly unknown[] {
  const parts: Uint8Array[] = []
  const columns: Record<'at' | 'manifest' | 'size' | 'version' | 'timestamp' | 'sum', number[]> = {
    at: [],
    manifest: [],
    size: [],
    version: [],
    timestamp: [],
    sum: [],
  }
  let at = 1 // SQL counts from there.
  for (const [index, event] of events.entries()) {
    const manifest = utf8(event.manifest)
    const place = { kind: 'event', id, sequenceNr: expectedSequenceNr + index + 1, epoch } as const
    columns.at.push(at)
    columns.manifest.push(manifest.length)
    columns.size.push(event.bytes.length)
    columns.version.push(event.version)
    columns.timestamp.push(event.timestamp)
    columns.sum.push(checksumOf(place, event, manifest))
    parts.push(manifest, event.bytes)
    at += manifest.length + event.bytes.length
  }
  return [Buffer.concat(parts), ...Object.values(columns).map(listOf)]
}

/** A snapshot as the five values of its record. They share nothing with it. */
export function snapshotValues(id: Uint8Array, snapshot: StoredSnapshot): readonly unknown[] {
  const { sequenceNr, version, timestamp } = snapshot
  const manifest = utf8(snapshot.manifest)
  const checksum = checksumOf({ kind: 'snapshot', id, sequenceNr, epoch: 0 }, snapshot, manifest)
  return [manifest, version, timestamp, Buffer.from(snapshot.bytes), checksum]
}

/** As PostgreSQL reads lists. */
function listOf(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`
}
