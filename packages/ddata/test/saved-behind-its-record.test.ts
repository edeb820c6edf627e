// State that goes with a record is saved behind it: saved before, it would stand for a record that may be written otherwise later.
import { inMemoryJournal } from '@casty/persistence'
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test('state is saved once the record that it goes with is safe, also where that follows on another one', async () => {
  await using world = new DataWorld(() => ({ journal: journal.open(), recordsPerSnapshot: 2 }))
  const journal = inMemoryJournal({ clock: world.clock })
  await world.start('a')
  const visits = world.on('a').counter('visits')
  expect(await world.settled(visits.increment())).toBe(1)
  const [part = ''] = await idsOf(journal)
  for (let count = 0; count < 2; count++) {
    journal.fail({ type: 'delayed', byMs: 1_000 }, { operation: 'append', id: part })
  }
  const second = visits.increment()
  await world.until(() => journal.waitingFaults === 1)
  const third = visits.increment() // It comes while the record before is under way, and is written behind it.
  await world.until(() => journal.waitingFaults === 0)
  await world.settle(500)
  expect(await idsOf(journal)).not.toContain(`${part}#state`)
  expect(await world.settled(Promise.all([second, third]))).toEqual([2, 3])
  await world.settle(1_000)
  expect(await idsOf(journal)).toContain(`${part}#state`)
})

async function idsOf(journal: { ids(): AsyncIterable<string> }): Promise<string[]> {
  const ids: string[] = []
  for await (const id of journal.ids()) ids.push(id)
  return ids
}
