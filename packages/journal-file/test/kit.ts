import { openFileJournal, type FileJournal, type FileJournalOptions } from '@casty/journal-file'
import type { JournalRecord, StoredEvent } from '@casty/persistence'
import type { SimulatedDisk } from './simulated-disk.ts'

export async function open(
  disk: SimulatedDisk,
  options: Partial<FileJournalOptions> = {},
): Promise<FileJournal> {
  return await openFileJournal({ directory: 'simulated', files: disk.files, ...options })
}

export function record(text: string): JournalRecord {
  return { manifest: 'text', version: 1, timestamp: 0, bytes: new TextEncoder().encode(text) }
}

export function textOf({ bytes }: JournalRecord): string {
  return new TextDecoder().decode(bytes)
}

/** Appends texts after `expectedSequenceNr`, in one batch. */
export async function append(
  journal: FileJournal,
  id: string,
  expectedSequenceNr: number,
  batch: readonly string[],
): Promise<void> {
  await journal.append(id, { epoch: 1, expectedSequenceNr, events: batch.map(record) })
}

/** All events of an id that are not deleted. */
export async function eventsOf(journal: FileJournal, id: string): Promise<readonly StoredEvent[]> {
  const { deletedTo } = await journal.highest(id)
  const found: StoredEvent[] = []
  for await (const event of journal.events(id, { fromSequenceNr: deletedTo + 1 })) found.push(event)
  return found
}

export async function textsOf(journal: FileJournal, id: string): Promise<readonly string[]> {
  return (await eventsOf(journal, id)).map(textOf)
}

/** The codes that calls are rejected with, `written` for those that are not. */
export async function outcomes(calls: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((one) => (one.status === 'fulfilled' ? 'written' : one.reason.code))
}
