// What entities of a shard write goes under the epoch of the shard.
import { inMemoryJournal, JournalError, type EventJournal } from '@casty/persistence'
import { expect, test } from 'vitest'
import { ShardJournal } from '../src/region/shard-journal.ts'

const request = { epoch: 99, expectedSequenceNr: 0, events: [] }

test('what is written is written under the epoch of the shard, whatever was said', async () => {
  const kept = inMemoryJournal()
  await new ShardJournal(kept, 7, () => {}).append('x', request)
  expect(await kept.highest('x')).toMatchObject({ epoch: 7 })
})

test('whoever writes under a lower epoch than somebody else did hears of that, and so does the shard', async () => {
  const kept = inMemoryJournal()
  await kept.claim('x', 8)
  const fenced: number[] = []
  const journal = new ShardJournal(kept, 7, (written) => fenced.push(written))
  await expect(journal.append('x', request)).rejects.toMatchObject({ code: 'CASTY_JOURNAL_FENCED' })
  expect(fenced).toEqual([8])
})

test('a journal that throws where it is to reject has the write rejected', async () => {
  const broken: EventJournal = Object.assign(inMemoryJournal(), {
    append: () => {
      throw JournalError.full('append')
    },
  })
  const written = new ShardJournal(broken, 7, () => {}).append('x', request)
  await expect(written).rejects.toMatchObject({ code: 'CASTY_JOURNAL_FULL' })
})
