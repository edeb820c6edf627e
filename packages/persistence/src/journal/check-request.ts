// What every journal checks before it does anything. Requests may come from code without types.
import type { AppendRequest, JournalLimits, ReadOptions, WriterOptions } from './event-journal.ts'
import { JournalError } from './journal-error.ts'
import type { JournalRecord, StoredSnapshot } from './journal-record.ts'

/** What a journal takes where nothing else is asked for. */
export const journalLimitDefaults: JournalLimits = Object.freeze({
  maxIdBytes: 512,
  maxManifestBytes: 256,
  maxRecordBytes: 16 * 1024 * 1024,
  maxBatchEvents: 10_000,
  maxBatchBytes: 64 * 1024 * 1024,
})

/**
 * The limits of a journal as its options ask for.
 *
 * @throws JournalError `CASTY_JOURNAL_INVALID`
 */
export function checkedLimits(given: Partial<JournalLimits> = {}): JournalLimits {
  const limits = { ...journalLimitDefaults, ...given }
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in journalLimitDefaults)) {
      const allowed = Object.keys(journalLimitDefaults).join(', ')
      throw JournalError.invalid('The name of a limit', name, allowed)
    }
    whole(`limits.${name}`, value, 1)
  }
  return limits
}

/** @throws JournalError `CASTY_JOURNAL_INVALID`, `CASTY_JOURNAL_TOO_LARGE` */
export function checkId(id: string, limits: JournalLimits): void {
  if (typeof id !== 'string' || id === '' || !isWellFormed(id)) {
    throw JournalError.invalid('An id', id, 'a text, not empty, without halves of surrogate pairs')
  }
  const size = utf8Length(id)
  if (size > limits.maxIdBytes) {
    throw JournalError.tooLarge('An id', size, 'maxIdBytes', limits.maxIdBytes)
  }
}

/** @throws JournalError `CASTY_JOURNAL_INVALID`, `CASTY_JOURNAL_TOO_LARGE` */
export function checkAppend(id: string, request: AppendRequest, limits: JournalLimits): void {
  checkId(id, limits)
  const { epoch, expectedSequenceNr, events, freesRoom } = request
  whole('epoch', epoch, 0)
  whole('expectedSequenceNr', expectedSequenceNr, 0)
  if (freesRoom !== undefined && freesRoom !== 'now' && freesRoom !== 'later') {
    throw JournalError.invalid('freesRoom', freesRoom, "'now' or 'later'")
  }
  if (!Array.isArray(events)) throw JournalError.invalid('events', events, 'a list of records')
  if (events.length > limits.maxBatchEvents) {
    throw JournalError.tooLarge('A batch', events.length, 'maxBatchEvents', limits.maxBatchEvents)
  }
  let size = 0
  for (const event of events) {
    checkRecord('An event', event, limits)
    size += event.bytes.length
  }
  if (size > limits.maxBatchBytes) {
    throw JournalError.tooLarge('A batch', size, 'maxBatchBytes', limits.maxBatchBytes)
  }
  whole('The number of the last event', expectedSequenceNr + events.length, 0)
}

/** @throws JournalError `CASTY_JOURNAL_INVALID`, `CASTY_JOURNAL_TOO_LARGE` */
export function checkClaim(id: string, epoch: number, limits: JournalLimits): void {
  checkId(id, limits)
  whole('epoch', epoch, 0)
}

/** @throws JournalError `CASTY_JOURNAL_INVALID`, `CASTY_JOURNAL_TOO_LARGE` */
export function checkRead(id: string, options: ReadOptions, limits: JournalLimits): void {
  checkId(id, limits)
  const { fromSequenceNr = 1, toSequenceNr = Number.MAX_SAFE_INTEGER } = options
  whole('fromSequenceNr', fromSequenceNr, 1)
  whole('toSequenceNr', toSequenceNr, 0)
}

/** @throws JournalError `CASTY_JOURNAL_INVALID`, `CASTY_JOURNAL_TOO_LARGE` */
export function checkSnapshot(
  id: string,
  snapshot: StoredSnapshot,
  options: WriterOptions,
  limits: JournalLimits,
): void {
  checkDeletion(id, snapshot.sequenceNr, options, limits)
  whole('The number of a snapshot', snapshot.sequenceNr, 1)
  checkRecord('A snapshot', snapshot, limits)
}

/** @throws JournalError `CASTY_JOURNAL_INVALID`, `CASTY_JOURNAL_TOO_LARGE` */
export function checkDeletion(
  id: string,
  sequenceNr: number,
  { epoch = 0 }: WriterOptions,
  limits: JournalLimits,
): void {
  checkId(id, limits)
  whole('sequenceNr', sequenceNr, 0)
  whole('epoch', epoch, 0)
}

function checkRecord(what: string, record: JournalRecord, limits: JournalLimits): void {
  const { manifest, version, timestamp, bytes } = record
  if (typeof manifest !== 'string' || !isWellFormed(manifest)) {
    throw JournalError.invalid(`${what}: manifest`, manifest, 'a text')
  }
  const manifestSize = utf8Length(manifest)
  if (manifestSize > limits.maxManifestBytes) {
    const most = limits.maxManifestBytes
    throw JournalError.tooLarge(`${what}: manifest`, manifestSize, 'maxManifestBytes', most)
  }
  whole(`${what}: version`, version, 0, 0xffff_ffff)
  whole(`${what}: timestamp`, timestamp, 0)
  if (!(bytes instanceof Uint8Array)) {
    throw JournalError.invalid(`${what}: bytes`, bytes, 'a Uint8Array')
  }
  if (bytes.length > limits.maxRecordBytes) {
    throw JournalError.tooLarge(what, bytes.length, 'maxRecordBytes', limits.maxRecordBytes)
  }
}

function whole(what: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw JournalError.invalid(what, value, `an integer from ${least} to ${most}`)
}

const encoder = new TextEncoder()

function utf8Length(text: string): number {
  // At most three bytes per unit: what is surely short is not encoded to be measured.
  return text.length > 1_000 ? encoder.encode(text).length : shortUtf8Length(text)
}

function shortUtf8Length(text: string): number {
  let size = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7f) size++
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) size++ // Pairs take four, two for each half.
  }
  return size
}

/** Halves of surrogate pairs cannot be written in UTF-8: two ids would become one. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
