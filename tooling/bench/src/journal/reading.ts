import { openFileJournal } from '@casty/journal-file'
import { record } from './writers.ts'

export interface Reading {
  readonly openMs: number
  readonly readMs: number
  /** How much more memory the process had at most while it read. */
  readonly growthMiB: number
}

export async function writeMany(directory: string, events: number): Promise<void> {
  await using journal = await openFileJournal({ directory })
  const batch = Array.from({ length: 5_000 }, () => record)
  for (let at = 0; at < events; at += batch.length) {
    await journal.append('id', { epoch: 1, expectedSequenceNr: at, events: batch })
  }
}

/** Opens the journal, and reads all events of its one id. */
export async function readAll(directory: string): Promise<Reading> {
  const startMs = performance.now()
  await using journal = await openFileJournal({ directory })
  const openedMs = performance.now()
  const before = process.memoryUsage().rss
  let most = before
  for await (const { sequenceNr } of journal.events('id')) {
    if (sequenceNr % 20_000 === 0) most = Math.max(most, process.memoryUsage().rss)
  }
  return {
    openMs: openedMs - startMs,
    readMs: performance.now() - openedMs,
    growthMiB: (most - before) / 2 ** 20,
  }
}
