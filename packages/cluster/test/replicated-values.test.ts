import { gCounter, orSet } from '@casty/crdt'
import { inMemoryJournal } from '@casty/persistence'
import { replicatedKey } from '@casty/replicator'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const online = replicatedKey('online', orSet<string>())
const visits = replicatedKey('visits', gCounter())

test('values that are changed on one node are told to all that replicate', async () => {
  await using world = await SystemWorld.start('a b')
  const [a, b] = await Promise.all(world.nodes.map(async (node) => await node.replicator()))
  const written = a?.update(online, (set, me) => set.add(me, 'ann'), { write: 'all' })
  expect(await world.settled(written ?? Promise.reject(new Error('no node')))).toMatchObject({
    type: 'confirmed',
    nodes: 2,
  })
  expect(b?.local(online).value).toEqual(['ann'])
})

test('values with a journal are there again after all nodes have ended', async () => {
  await using journal = inMemoryJournal()
  {
    await using world = await SystemWorld.start('a')
    const [node] = world.nodes
    const replicator = await node?.replicator({ journal })
    await replicator?.update(visits, (counter, me) => counter.increment(me, 3))
  }
  await using world = await SystemWorld.start('a')
  const [node] = world.nodes
  const replicator = await node?.replicator({ journal: journal.open() })
  expect(replicator?.local(visits).value).toBe(3)
  await expect(node?.replicator()).rejects.toMatchObject({ code: 'CASTY_TRANSPORT_INVALID_OPTION' })
})

test('a system that has shut down writes no more values to a journal', async () => {
  await using world = await SystemWorld.start('a')
  await using journal = inMemoryJournal({ clock: world.clock })
  const [node] = world.nodes
  const replicator = await node?.replicator({ journal, journalId: 'values' })
  journal.fail({ type: 'delayed', byMs: 1_000 }, { operation: 'append' })
  const call = replicator?.update(visits, (counter, me) => counter.increment(me))
  const failed = expect(call).rejects.toMatchObject({ code: 'CASTY_REPLICATOR_STOPPED' })
  await world.settled(node?.shutdown() ?? Promise.reject(new Error('no node')))
  await failed
  expect(await world.settled(journal.highest('values'))).toMatchObject({ sequenceNr: 1 })
})

test('what is no journal is refused', async () => {
  await using world = await SystemWorld.start('a')
  const [node] = world.nodes
  // @ts-expect-error A journal has more than a name.
  const started = node?.replicator({ journal: { name: 'x' } })
  await expect(started).rejects.toMatchObject({ code: 'CASTY_CLUSTER_INVALID_OPTION' })
})
