import type { EventJournal, WriterOptions } from './event-journal.ts'

/**
 * Forgets all events and snapshots of an id, and fences whoever writes them now. An actor with that id
 * begins anew, with its initial state; numbers go on. Where it rejects, some may be deleted and some not:
 * call it again.
 *
 * @param options.epoch - to write under. @defaultValue the next one
 * @throws JournalError as `claim` and the deletions do
 */
export async function deleteAll(
  journal: EventJournal,
  id: string,
  options: WriterOptions = {},
): Promise<void> {
  const epoch = options.epoch ?? (await journal.highest(id)).epoch + 1
  const { sequenceNr } = await journal.claim(id, epoch)
  await journal.deleteSnapshots(id, sequenceNr, { epoch })
  await journal.deleteEvents(id, sequenceNr, { epoch })
}
