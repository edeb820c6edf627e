import { JournalError, type JournalRecord, type StoredEvent } from '@casty/persistence'
import { ByteReader, ByteWriter, TransportError } from '@casty/transport'
import { maxKeyBytes } from '../wire/fields.ts'
import type { KeptValue } from './replica-store.ts'

/** Of the bytes of a record. */
const version = 1
/** The journal has bounds of its own. */
const maxBytes = 2 ** 30

/** @param value - undefined for a sign of life */
export function encodeKept(value: KeptValue | undefined, savedAtMs: number): JournalRecord {
  const record = { version, timestamp: Math.floor(savedAtMs) }
  if (value === undefined) return { ...record, manifest: 'alive', bytes: new Uint8Array(0) }
  const writer = new ByteWriter().string(value.key, maxKeyBytes)
  if (value.bytes === undefined) return { ...record, manifest: 'forgotten', bytes: writer.finish() }
  return { ...record, manifest: 'value', bytes: writer.bytes(value.bytes, maxBytes).finish() }
}

/**
 * Undefined for a sign of life.
 *
 * @throws JournalError `CASTY_JOURNAL_DAMAGED` for what was written by something else, or by a later version
 */
export function decodeKept(id: string, event: StoredEvent): KeptValue | undefined {
  const { manifest, sequenceNr } = event
  if (event.version !== version) {
    throw JournalError.damaged(id, `it is of version ${event.version}, not ${version}`, {
      sequenceNr,
    })
  }
  if (manifest === 'alive') return undefined
  try {
    const reader = new ByteReader(event.bytes)
    const key = reader.string(maxKeyBytes)
    if (manifest === 'forgotten') return { key, bytes: undefined }
    if (manifest === 'value') return { key, bytes: reader.bytes(maxBytes) }
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
  }
  throw JournalError.damaged(id, `it holds no kept value, but ${JSON.stringify(manifest)}`, {
    sequenceNr,
  })
}
