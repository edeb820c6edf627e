import type { EventJournal, JournalRecord, ReadOptions } from '@casty/persistence'

export function record(text: string): JournalRecord {
  return { manifest: 'text', version: 1, timestamp: 0, bytes: new TextEncoder().encode(text) }
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

export async function texts(
  journal: EventJournal,
  id: string,
  options?: ReadOptions,
): Promise<readonly string[]> {
  const read: string[] = []
  for await (const { bytes } of journal.events(id, options)) {
    read.push(new TextDecoder().decode(bytes))
  }
  return read
}

/** All that is there to list. */
export async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
