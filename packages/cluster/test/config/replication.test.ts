// What a config file says of replication, as entities see it.
import type { ActorRef } from '@casty/actor'
import { Behaviors, configOf, type CastyConfig, type ClusteredActorSystem } from '@casty/cluster'
import { eventSourced, inMemoryJournal, type EventJournal } from '@casty/persistence'
import { parse } from 'smol-toml'
import { expect, test } from 'vitest'
import { SystemWorld } from '../system-world.ts'

interface Add {
  readonly amount: number
  readonly replyTo: ActorRef<number>
}

const config: CastyConfig = configOf(
  'casty.toml',
  parse('[defaults.replication]\nreplicas = 2\nmin_acks = 2\nack_timeout = 1.0'),
)

const total = (id: string, journal: EventJournal | undefined): ReturnType<typeof add> => {
  if (!journal) throw new Error('There is a journal where events are replicated')
  return add(id, journal)
}

const add = (id: string, journal: EventJournal) =>
  eventSourced<Add, number, number>({
    id,
    journal,
    initialState: 0,
    onCommand: (_total, { amount, replyTo }, { effects }) =>
      effects.persist(amount).thenReply(replyTo, (sum) => sum),
    onEvent: (sum, amount) => sum + amount,
  })

const replicated = Behaviors.sharded<Add>((id, { journal }) => total(id, journal), { numShards: 4 })

async function addTo(world: SystemWorld, node: ClusteredActorSystem, ids: readonly string[]) {
  const asked = ids.map(
    async (id) =>
      await node.entityAsk<Add, number>(
        'totals',
        id,
        (replyTo: ActorRef<number>) => ({ amount: 1, replyTo }),
        { timeoutMs: 30_000 },
      ),
  )
  return await world.settled(Promise.all(asked), 60_000)
}

const ids = ['x', 'y', 'z', 'u', 'v', 'w']

test('what [defaults.replication] asks for keeps what entities write while nodes are lost', async () => {
  await using world = await SystemWorld.start('a b c', { config })
  for (const node of world.nodes) node.spawn(replicated, 'totals')
  expect(await addTo(world, world.node('a'), ids)).toEqual(ids.map(() => 1))
  await world.kill('c')
  const [d] = [await world.start('d', { config })]
  d.spawn(replicated, 'totals')
  await world.pass(30_000)
  expect(await addTo(world, world.node('a'), ids)).toEqual(ids.map(() => 2))
})

test('what it asks for is asked of replicas: without so many in reach, writes are not confirmed', async () => {
  await using world = await SystemWorld.start('a b', { config })
  for (const node of world.nodes) node.spawn(replicated, 'totals')
  await expect(addTo(world, world.node('a'), ['x'])).rejects.toThrow()
})

test('a type with a journal of its own is not replicated by default', async () => {
  await using world = await SystemWorld.start('a b', { config })
  const journal = inMemoryJournal({ clock: world.clock })
  const shared = Behaviors.sharded<Add>((id, context) => total(id, context.journal), {
    numShards: 4,
    journal,
  })
  for (const node of world.nodes) node.spawn(shared, 'totals')
  expect(await addTo(world, world.node('a'), ids)).toEqual(ids.map(() => 1))
  expect((await journal.highest('x')).sequenceNr).toBe(1)
})

test('code that asks for fewer replicas than the file asks acknowledgements of is not refused', async () => {
  await using world = await SystemWorld.start('a b', { config })
  const one = Behaviors.sharded<Add>((id, { journal }) => total(id, journal), {
    numShards: 4,
    replication: { replicas: 1 },
  })
  for (const node of world.nodes) node.spawn(one, 'totals')
  expect(await addTo(world, world.node('a'), ids)).toEqual(ids.map(() => 1))
})

test('code may ask for a majority in place of a number, and says what is to be on disk', async () => {
  await using world = await SystemWorld.start('a')
  const most = Behaviors.sharded<Add>((id, { journal }) => total(id, journal), {
    numShards: 4,
    replication: { replicas: 2, minAcks: 'majority', ownAck: false },
  })
  world.node('a').spawn(most, 'totals')
  expect(await addTo(world, world.node('a'), ['x'])).toEqual([1]) // Alone it is a majority.
})
