import type { EventJournal, ReadOptions } from '../journal/event-journal.ts'
import type { JournalRecord, StoredEvent, StoredSnapshot } from '../journal/journal-record.ts'
import type { JournalStore, JournalSubject } from './subject.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A record whose bytes are a text. */
export function record(text: string): JournalRecord {
  return { manifest: 'text', version: 1, timestamp: 1_700_000_000_000, bytes: encoder.encode(text) }
}

export function snapshot(sequenceNr: number, text: string): StoredSnapshot {
  return { ...record(text), sequenceNr }
}

export function textOf({ bytes }: JournalRecord): string {
  return decoder.decode(bytes)
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** Texts of the events of an id, by what is told of the last one where reading ends with an error. */
export async function texts(
  journal: EventJournal,
  id: string,
  options?: ReadOptions,
): Promise<readonly string[]> {
  return (await all(journal.events(id, options))).map(textOf)
}

/** What could be read before an error, and the error. */
export async function readUntilError(
  events: AsyncIterable<StoredEvent>,
): Promise<{ readonly read: readonly string[]; readonly error: unknown }> {
  const read: string[] = []
  try {
    for await (const event of events) read.push(textOf(event))
  } catch (error) {
    return { read, error }
  }
  return { read, error: undefined }
}

/** Appends texts after `expectedSequenceNr`, in one batch. */
export async function append(
  journal: EventJournal,
  id: string,
  expectedSequenceNr: number,
  batch: readonly string[],
  epoch = 1,
): Promise<void> {
  await journal.append(id, { epoch, expectedSequenceNr, events: batch.map(record) })
}

/** One test's store with a journal on it. */
export class Fixture implements AsyncDisposable {
  readonly store: JournalStore
  #journals: EventJournal[] = []

  private constructor(store: JournalStore) {
    this.store = store
  }

  static async start(subject: JournalSubject): Promise<Fixture> {
    return new Fixture(await subject.create())
  }

  async open(): Promise<EventJournal> {
    const journal = await this.store.open()
    this.#journals.push(journal)
    return journal
  }

  /** Closes what is open, and opens it again. */
  async reopen(): Promise<EventJournal> {
    await this.close()
    return await this.open()
  }

  async close(): Promise<void> {
    for (const journal of this.#journals.splice(0)) await journal[Symbol.asyncDispose]()
  }

  async crash(): Promise<EventJournal> {
    this.#journals = []
    await this.store.crash?.()
    return await this.open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    await this.store[Symbol.asyncDispose]()
  }
}
