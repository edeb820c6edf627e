import type { JournalHead, JournalRecord, StoredEvent, StoredSnapshot } from './journal-record.ts'

/** What is appended at once: all of it or nothing. */
export interface AppendRequest {
  /** Of the writer, an integer from 0. */
  readonly epoch: number
  /** The number of the last event that the writer knows of: the first of `events` gets the next one. */
  readonly expectedSequenceNr: number
  /** May be empty: then only epoch and number are checked, and a higher epoch is kept. */
  readonly events: readonly JournalRecord[]
  /** They make room. A journal with bounded room may keep some of it for such, so that one that is full can be emptied. @defaultValue they do not */
  readonly freesRoom?: FreesRoom | undefined
}

/**
 * - `'now'`: once they are written more is deleted than they take, as with a state in place of the events before it.
 * - `'later'`: they undo what others did, so that the next state takes less, as with an event that something was removed.
 */
export type FreesRoom = 'now' | 'later'

/** Which events to read. */
export interface ReadOptions {
  /** The first one, from 1. @defaultValue 1 */
  readonly fromSequenceNr?: number
  /** The last one. @defaultValue what is the last when the reader comes there */
  readonly toSequenceNr?: number
  /** Ends the reading: it rejects with the reason. */
  readonly signal?: AbortSignal
}

/** Who asks for a deletion or leaves a snapshot. */
export interface WriterOptions {
  /** Refused where a higher one has written or claimed. @defaultValue nobody in particular: never refused */
  readonly epoch?: number
}

/** What a journal takes at most. */
export interface JournalLimits {
  /** An id in UTF-8. */
  readonly maxIdBytes: number
  /** A manifest in UTF-8. */
  readonly maxManifestBytes: number
  /** The bytes of one event, or of one snapshot. */
  readonly maxRecordBytes: number
  /** How many events one append may hold. */
  readonly maxBatchEvents: number
  /** The bytes of all of them. */
  readonly maxBatchBytes: number
}

/**
 * Keeps the events of many ids, each a sequence of its own, and snapshots of what they amount to.
 *
 * A promise that resolves means that what was asked for outlives a crash. All calls settle: a journal that
 * cannot reach what it writes to gives up by itself. They reject with a {@link JournalError}, whose code
 * tells what can be done about it, and whose `outcome` tells whether something was written all the same. Where
 * more than one thing is wrong, what no journal could carry out is told first, then fencing, then the rest.
 *
 * **Fencing.** Each id has an epoch, the highest that ever wrote or claimed. A writer with a lower one is
 * refused for ever with `CASTY_JOURNAL_FENCED`, one with the same or a higher one goes on, if it also knows
 * the last event. Both are checked in the same step that writes, so of two that append at the same number
 * one is refused, whatever they believe of each other.
 */
export interface EventJournal extends AsyncDisposable {
  readonly limits: JournalLimits

  /**
   * Whether no other process reaches what is in it, however it is opened there. Whoever moves actors between nodes warns
   * of that. @defaultValue it can be reached
   */
  readonly isLocal?: boolean

  /**
   * Writes events at an expected number and epoch.
   *
   * Rejects with `CASTY_JOURNAL_FENCED`, `…_FULL`, `…_TOO_LARGE`, `…_INVALID`, `…_UNAVAILABLE`, `…_DAMAGED`,
   * `…_CLOSED`.
   */
  append(id: string, request: AppendRequest): Promise<void>

  /**
   * Becomes the writer of an id: from then on, lower epochs are refused. Whoever wants to be the only one
   * claims one above the `highest`; a claim that comes late, after its sender gave up on it, then fences
   * nobody who came after. Rejects with `CASTY_JOURNAL_FENCED` where a higher epoch is known.
   *
   * @returns how far the events go
   */
  claim(id: string, epoch: number): Promise<JournalHead>

  /** How far the events of an id go. */
  highest(id: string): Promise<JournalHead>

  /**
   * Events in order, without a hole, and few of them in memory at a time. Those that are appended while it
   * reads are read too, up to `toSequenceNr`. Leaving the loop ends the reading.
   *
   * Throws `CASTY_JOURNAL_DELETED` where the next event to read is deleted, `…_DAMAGED` where it is missing
   * or cannot be trusted: it is never skipped.
   */
  events(id: string, options?: ReadOptions): AsyncIterable<StoredEvent>

  /** Forgets events up to a number, which must exist. Numbers are never given out again. */
  deleteEvents(id: string, toSequenceNr: number, options?: WriterOptions): Promise<void>

  /** Keeps a snapshot; one with the same number is replaced. Its events must exist, or have existed. */
  saveSnapshot(id: string, snapshot: StoredSnapshot, options?: WriterOptions): Promise<void>

  /**
   * The snapshot with the highest number. Rejects with `CASTY_JOURNAL_DAMAGED` where it cannot be trusted: the
   * error has its `sequenceNr`, and there may be one before.
   *
   * @param atMost - not above this number
   */
  latestSnapshot(id: string, atMost?: number): Promise<StoredSnapshot | undefined>

  /** Forgets snapshots up to a number. */
  deleteSnapshots(id: string, toSequenceNr: number, options?: WriterOptions): Promise<void>

  /**
   * The ids that have events or snapshots, each once, in no order that may be relied on. Those that come or
   * go while it reads may be among them or not.
   */
  ids(options?: { readonly signal?: AbortSignal }): AsyncIterable<string>
}
