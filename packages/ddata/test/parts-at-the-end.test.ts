// Parts whose node ends, or that go to another one, while they wait for a journal: that something is not written then is no error.
import { inMemoryJournal } from '@casty/persistence'
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest'
import { DataWorld } from './data-world.ts'

let errors: MockInstance<typeof console.error>
beforeEach(() => void (errors = vi.spyOn(console, 'error').mockImplementation(() => {})))
afterEach(() => errors.mockRestore())

test.each(['it moves to another node', 'its node ends at once'])(
  'a part that is being saved when %s is missed by nobody: nothing more is saved, and that is no error',
  async (how) => {
    await using world = new DataWorld(() => ({ journal: journal.open(), recordsPerSnapshot: 1 }))
    const journal = inMemoryJournal({ clock: world.clock })
    await world.start('a')
    const visits = world.on('a').counter('visits')
    expect(await world.settled(visits.increment())).toBe(1)
    const parts: string[] = []
    for await (const id of journal.ids()) parts.push(id)
    // What comes first of the state is on its way for long, and nothing may follow it.
    const append = { operation: 'append', id: `${parts[0]}#state` } as const
    journal.fail({ type: 'delayed', byMs: 3_000 }, append)
    journal.fail({ type: 'refused' }, append)
    expect(await world.settled(visits.increment())).toBe(2)
    await world.until(() => journal.waitingFaults === 1)
    if (how === 'it moves to another node') {
      const { cluster } = await world.start('b')
      await world.until(() => cluster.selfMember?.status === 'up')
      await world.settled(world.node('a').cluster.leave())
    } else {
      const { system } = world.node('a')
      await world.settled(system.shutdown())
      await world.kill('a')
    }
    await world.settle(5_000)
    expect(errors.mock.calls).toEqual([])
    expect(journal.waitingFaults).toBe(1)
    journal.heal()
    const next = how === 'it moves to another node' ? 'b' : 'a'
    if (next === 'a') await world.start('a')
    expect(await world.settled(world.on(next).counter('visits').get({ timeoutMs: 30_000 }))).toBe(2)
  },
)

test('that a part has not begun yet when its node ends is no error', async () => {
  await using world = await DataWorld.of('a', { replication: { copies: 2, ack: 2 } })
  const call = world.on('a').counter('visits').increment()
  const failed = expect(call).rejects.toMatchObject({ code: 'CASTY_DDATA_CLOSED' })
  await world.settle(1_000) // It waits for a second node.
  const { sharding, system } = world.node('a')
  sharding[Symbol.dispose]()
  await world.settled(system.shutdown())
  await failed
  expect(errors.mock.calls).toEqual([])
})
