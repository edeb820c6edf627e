// Sixteen writers at once on one journal, for a test to kill. Tells what is acknowledged, as soon as it is.
import { openFileJournal } from '@casty/journal-file'
import { record, segmentBytes, textOf } from './written.ts'

const journal = await openFileJournal({ directory: process.argv[2] ?? '', segmentBytes })
await Promise.all(Array.from({ length: 16 }, (_, index) => write(`writer-${index}`)))

async function write(id: string): Promise<void> {
  const { epoch, sequenceNr } = await journal.highest(id)
  await journal.claim(id, epoch + 1)
  for (let last = sequenceNr; ;) {
    const batch = Array.from({ length: 1 + (last % 3) }, (_, index) => textOf(id, last + 1 + index))
    const request = { epoch: epoch + 1, expectedSequenceNr: last, events: batch.map(record) }
    await journal.append(id, request)
    last += batch.length
    process.send?.({ id, sequenceNr: last, epoch: epoch + 1 })
    if (last % 10 !== 0) continue
    // So that files are moved and removed as well.
    await journal.saveSnapshot(id, { ...record(`${id} up to ${last}`), sequenceNr: last })
    await journal.deleteSnapshots(id, last - 1)
    await journal.deleteEvents(id, Math.max(0, last - 20))
    process.send?.({ id, sequenceNr: last, epoch: epoch + 1, snapshot: last })
  }
}
