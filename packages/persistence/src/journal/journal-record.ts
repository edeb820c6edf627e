/** Bytes with what is needed to understand them later, when the program has changed. */
export interface JournalRecord {
  /** What kind of thing the bytes are, as in `item-added`. May be empty. */
  readonly manifest: string
  /** Which version of that kind, from 0. */
  readonly version: number
  /** When it was made, in milliseconds since the Unix epoch: for people, since clocks may jump. */
  readonly timestamp: number
  readonly bytes: Uint8Array
}

/** An event as a journal gives it back. */
export interface StoredEvent extends JournalRecord {
  /** Its place among the events of its id, which are numbered from 1, without a hole. */
  readonly sequenceNr: number
  /** Of the writer that appended it. */
  readonly epoch: number
}

/** What all events up to one of them amount to. */
export interface StoredSnapshot extends JournalRecord {
  /** Of the last event that is in it. */
  readonly sequenceNr: number
}

/** How far the events of one id go. Zeros for an id that nobody wrote or claimed. */
export interface JournalHead {
  /** The highest that was ever given out: it never sinks, whatever is deleted. */
  readonly sequenceNr: number
  /** The highest that ever wrote or claimed: lower ones write no more. */
  readonly epoch: number
  /** Events up to this one are deleted. */
  readonly deletedTo: number
}
