// The values of a node as events of one id: the last event of a key is its value. Old ones are not gathered into a
// snapshot, which would have to hold everything at once: with each save the oldest events are looked at, those that
// still count are written again at the end, and all of them forgotten (as the cleaner of a log-structured file
// system does: Rosenblum & Ousterhout 1992, §3).
import type { EventJournal, StoredEvent } from '@casty/persistence'
import { maxKeyBytes } from '../wire/fields.ts'
import { decodeKept, encodeKept } from './kept-record.ts'
import type { KeptValue, KeptValues, ReplicaStore } from './replica-store.ts'

/** What an event takes besides its bytes, about. */
const recordOverheadBytes = 64
/** The journal may hold so much more than twice what counts. */
const slackBytes = 1024 * 1024
/** With each save so much is looked at, beside twice what is saved: so the oldest events are passed sooner or later. */
const cleanedBytes = 64 * 1024

/** Where the last event of a key is. */
interface Place {
  readonly sequenceNr: number
  readonly bytes: number
}

/** What is known of the events without reading them. */
interface Log {
  readonly epoch: number
  readonly places: Map<string, Place>
  lastSequenceNr: number
  lastSavedAtMs: number
  deletedTo: number
  /** Up to here nothing counts any more. */
  obsoleteTo: number
  totalBytes: number
  countingBytes: number
}

/**
 * Keeps the values of one node in a journal, under an id of its own. Whoever opens the same id later keeps the one
 * before from writing.
 *
 * Both calls reject as the journal does: with a JournalError.
 *
 * @param id - of this node alone, and the same after a restart: its address, not its incarnation
 */
export function journalStore(journal: EventJournal, id: string): ReplicaStore {
  return new JournalStore(journal, id)
}

class JournalStore implements ReplicaStore {
  readonly #journal: EventJournal
  readonly #id: string
  /** Once claimed it stays the same: who was fenced must not fence in turn. */
  #epoch: number | undefined
  /** Undefined until it was read, and where a failure left open what was written. */
  #log: Log | undefined

  constructor(journal: EventJournal, id: string) {
    this.#journal = journal
    this.#id = id
  }

  async load(): Promise<KeptValues | undefined> {
    const values = new Map<string, KeptValue>()
    const log = await this.#read((kept) => {
      if (kept.bytes === undefined) values.delete(kept.key)
      else values.set(kept.key, kept)
    })
    this.#log = log
    if (log.lastSequenceNr === log.deletedTo) return undefined
    return { values: values.values(), savedAtMs: log.lastSavedAtMs }
  }

  async save(values: readonly KeptValue[], savedAtMs: number): Promise<void> {
    const log = this.#log ?? (await this.#read(() => {}))
    this.#log = undefined
    if (log.obsoleteTo > log.deletedTo) await this.#deleteObsolete(log)
    const saved = new Set(values.map(({ key }) => key))
    const still = await this.#cleaned(log, values, saved)
    const kept = [...still, ...values]
    for (const part of parts(kept, this.#journal.limits)) {
      await this.#append(log, part.length === 0 ? [undefined] : part, savedAtMs)
    }
    this.#log = log
  }

  /** Goes through all events there are, as their writer. */
  async #read(each: (value: KeptValue) => void): Promise<Log> {
    this.#epoch ??= (await this.#journal.highest(this.#id)).epoch + 1
    const { deletedTo, sequenceNr } = await this.#journal.claim(this.#id, this.#epoch)
    const log: Log = {
      epoch: this.#epoch,
      places: new Map(),
      lastSequenceNr: deletedTo,
      lastSavedAtMs: 0,
      deletedTo,
      obsoleteTo: deletedTo,
      totalBytes: 0,
      countingBytes: 0,
    }
    const range = { fromSequenceNr: deletedTo + 1, toSequenceNr: sequenceNr }
    for await (const event of this.#journal.events(this.#id, range)) {
      const kept = decodeKept(this.#id, event)
      note(log, kept, event)
      if (kept) each(kept)
    }
    return log
  }

  async #append(
    log: Log,
    values: readonly (KeptValue | undefined)[],
    savedAtMs: number,
  ): Promise<void> {
    const events = values.map((value) => encodeKept(value, savedAtMs))
    const { epoch, lastSequenceNr: expectedSequenceNr } = log
    await this.#journal.append(this.#id, { epoch, expectedSequenceNr, events })
    for (const [at, record] of events.entries()) {
      note(log, values[at], { ...record, sequenceNr: expectedSequenceNr + at + 1 })
    }
  }

  /** What of the oldest events still counts and is not saved anew now; all of them are obsolete after. */
  async #cleaned(
    log: Log,
    values: readonly KeptValue[],
    saved: ReadonlySet<string>,
  ): Promise<readonly KeptValue[]> {
    if (log.totalBytes <= 2 * log.countingBytes + slackBytes) return []
    let left = cleanedBytes + 2 * values.reduce((sum, value) => sum + sizeOf(value.bytes), 0)
    const still: KeptValue[] = []
    const range = { fromSequenceNr: log.deletedTo + 1, toSequenceNr: log.lastSequenceNr }
    for await (const event of this.#journal.events(this.#id, range)) {
      const kept = decodeKept(this.#id, event)
      const counts = kept && log.places.get(kept.key)?.sequenceNr === event.sequenceNr
      if (counts && !saved.has(kept.key)) still.push(kept)
      log.obsoleteTo = event.sequenceNr
      log.totalBytes -= sizeOf(event.bytes)
      left -= sizeOf(event.bytes)
      if (left <= 0) break
    }
    return still
  }

  async #deleteObsolete(log: Log): Promise<void> {
    const { epoch, obsoleteTo } = log
    await this.#journal.deleteEvents(this.#id, obsoleteTo, { epoch })
    log.deletedTo = obsoleteTo
  }
}

/** @param value - undefined for a sign of life */
function note(
  log: Log,
  value: KeptValue | undefined,
  event: Pick<StoredEvent, 'sequenceNr' | 'timestamp' | 'bytes'>,
): void {
  const bytes = sizeOf(event.bytes)
  log.lastSequenceNr = event.sequenceNr
  log.lastSavedAtMs = event.timestamp
  log.totalBytes += bytes
  if (value === undefined) return
  log.countingBytes -= log.places.get(value.key)?.bytes ?? 0
  log.places.delete(value.key)
  if (value.bytes === undefined) return
  log.places.set(value.key, { sequenceNr: event.sequenceNr, bytes })
  log.countingBytes += bytes
}

function sizeOf(bytes: Uint8Array | undefined): number {
  return (bytes?.length ?? 0) + recordOverheadBytes
}

/** As many at once as the journal takes. Values stand for themselves: half of a save is no half value. */
function* parts(
  values: readonly KeptValue[],
  { maxBatchEvents, maxBatchBytes }: EventJournal['limits'],
): Generator<readonly KeptValue[]> {
  let part: KeptValue[] = []
  let partBytes = 0
  for (const value of values) {
    const bytes = sizeOf(value.bytes) + maxKeyBytes
    if (part.length === maxBatchEvents || (part.length > 0 && partBytes + bytes > maxBatchBytes)) {
      yield part
      part = []
      partBytes = 0
    }
    part.push(value)
    partBytes += bytes
  }
  yield part
}
