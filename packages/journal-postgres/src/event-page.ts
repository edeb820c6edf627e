import { JournalError, type JournalHead, type StoredEvent } from '@casty/persistence'
import { eventOf, integerOf, valueOf } from './stored-record.ts'

/** How much is read at once: a reader that is slow holds no more than that in memory. */
export const pageLimits: { readonly events: number; readonly bytes: number } = {
  events: 500,
  bytes: 1024 * 1024,
}

const noHead: JournalHead = Object.freeze({ sequenceNr: 0, epoch: 0, deletedTo: 0 })

/** How far the events of an id go, by the row of its stream if there is one. */
export function headOf(row: unknown): JournalHead {
  if (row === undefined) return noHead
  return {
    sequenceNr: integerOf(row, 'head_nr'),
    epoch: integerOf(row, 'head_epoch'),
    deletedTo: integerOf(row, 'deleted_to'),
  }
}

/** What was asked for. */
export interface PageRequest {
  readonly id: string
  readonly idBytes: Uint8Array
  readonly first: number
  readonly last: number
}

/**
 * Events of one answer, in order, up to the first that is missing or cannot be trusted: there it throws.
 * The answer is of one moment, so an event between the first and the head that is not in it is missing.
 *
 * @returns whether there was no event to read any more
 * @throws JournalError `CASTY_JOURNAL_DELETED`, `CASTY_JOURNAL_DAMAGED`
 */
export function* eventsOfPage(
  rows: readonly unknown[],
  { id, idBytes, first, last }: PageRequest,
): Generator<StoredEvent, boolean> {
  const head = headOf(rows[0])
  if (first > last || first > head.sequenceNr) return true
  if (first <= head.deletedTo) throw JournalError.deleted(id, first, head.deletedTo)
  let next = first
  for (const row of rows) {
    if (valueOf(row, 'bytes') === null) break // The stream has a row, and no event in these bounds.
    if (integerOf(row, 'sequence_nr') !== next) throw missing(id, next)
    const event = eventOf(row, idBytes)
    if (!event) throw damaged(id, next)
    yield event
    next++
  }
  if (next === first) throw missing(id, next)
  return false
}

function missing(id: string, sequenceNr: number): JournalError {
  return JournalError.damaged(id, 'its row is missing', { sequenceNr })
}

function damaged(id: string, sequenceNr: number): JournalError {
  return JournalError.damaged(id, 'its checksum does not fit', { sequenceNr })
}
