// What the writers write, as the test expects to find it.
import type { JournalRecord } from '@casty/persistence'

/** Small, so that many files are begun and removed. */
export const segmentBytes = 64 * 1024

export function textOf(id: string, sequenceNr: number): string {
  return `${id}: event ${sequenceNr} ${'x'.repeat(sequenceNr % 300)}`
}

export function record(text: string): JournalRecord {
  return { manifest: 'text', version: 1, timestamp: 0, bytes: new TextEncoder().encode(text) }
}
