import type { EventJournal } from '../journal/event-journal.ts'

/** What a journal may lack, if it says so. */
export type JournalAbility =
  /** Two may be open on the same store, as two processes on one server. */
  | 'second-writer'
  /** The test can end it as the end of its process would. */
  | 'crash'
  /** The test can damage what is stored. */
  | 'damage'
  /** The test can take away the room that is left. */
  | 'full'

/** The journal under test. */
export interface JournalSubject {
  /** A store of its own for each test, empty. */
  create(): Promise<JournalStore>
  /** What the journal, or its test, cannot do. The tests of it are skipped, and named as such. */
  readonly lacks?: readonly JournalAbility[]
  /**
   * How many drawn histories are tried of each kind: with crashes, and against a journal in memory. Lower it where each opening
   * starts a process or a server, and where others try the same code without. @defaultValue 8
   */
  readonly histories?: number
}

/** Where journals under test keep what they are given. Disposing of it removes everything. */
export interface JournalStore extends AsyncDisposable {
  /** Opens a journal: the first, a second one beside it, or one after the others were disposed of or crashed. */
  open(): Promise<EventJournal>
  /** Ends all that are open as `kill -9` or a loss of power would. Calls under way may stay unanswered. */
  crash?(): Promise<void>
  /** Changes a byte of an event. The journals are closed meanwhile. */
  damageEvent?(id: string, sequenceNr: number): Promise<void>
  /** The same, of a snapshot. */
  damageSnapshot?(id: string, sequenceNr: number): Promise<void>
  /** No event fits any more, however small. */
  fill?(): Promise<void>
  /** There is room again. */
  makeRoom?(): Promise<void>
}

export function lacks(subject: JournalSubject, ability: JournalAbility): boolean {
  return subject.lacks?.includes(ability) ?? false
}

/** A seed for each history, so that a failure names the one to repeat. */
export function seedsOf({ histories = 8 }: JournalSubject): readonly number[] {
  return Array.from({ length: histories }, (_, index) => index + 1)
}
