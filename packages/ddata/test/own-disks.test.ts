// Structures on the disks of several nodes: each node writes to a journal of its own, and holds copies of what others write.
import { ActorSystem } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { Distributed, type DistributedOptions } from '@casty/ddata'
import { inMemoryJournal, type InMemoryJournal } from '@casty/persistence'
import { ClientAccess, ClusterClient } from '@casty/remote'
import { ShardingClient } from '@casty/sharding'
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

/** What nodes use of disks that outlive their processes. */
function onDisks(replication: DistributedOptions['replication']): {
  readonly options: (host: string) => DistributedOptions
  readonly lose: (host: string) => void
} {
  const disks = new Map<string, InMemoryJournal>()
  const options = (host: string): DistributedOptions => {
    const disk = disks.get(host) ?? inMemoryJournal()
    disks.set(host, disk)
    return { journal: disk.open(), ...(replication && { replication }) }
  }
  return { options, lose: (host) => disks.delete(host) }
}

async function blackOut(world: DataWorld): Promise<void> {
  for (const { host } of world.nodes) await world.kill(host)
  await world.settle(1_000)
}

test('what was answered outlives that all nodes stop, where each writes to a disk of its own', async () => {
  await using world = await DataWorld.of('a b c', onDisks({ copies: 3 }).options)
  const [counter, map] = [world.on('a').counter('visits'), world.on('b').map('prices')]
  for (let value = 1; value <= 5; value++) await world.settled(counter.increment())
  await world.settled(map.set('tea', 7))
  const first = await world.settled(world.on('b').lock('deploy', { ttlMs: 5_000 }).acquire())
  const forgotten = world.on('b').lock('forgotten')
  const last = await world.settled(forgotten.acquire())
  expect(await world.settled(forgotten.destroy())).toBe(true)
  await blackOut(world)
  for (const host of ['a', 'b', 'c']) await world.start(host)
  expect(
    await world.settled(world.on('c').counter('visits').increment(1, { timeoutMs: 30_000 })),
  ).toBe(6)
  expect(await world.settled(world.on('c').map('prices').get('tea'))).toBe(7)
  const next = await world.settled(world.on('c').lock('deploy').acquire())
  expect(next.token).toBeGreaterThan(first.token)
  const again = await world.settled(world.on('a').lock('forgotten').acquire())
  expect(again.token).toBeGreaterThan(last.token)
})

test('a disk that is lost for good takes nothing with it, where each change is on two of three', async () => {
  const disks = onDisks({ copies: 3, ack: 2 })
  await using world = await DataWorld.of('a b c', disks.options)
  for (let value = 1; value <= 3; value++) {
    expect(await world.settled(world.on('b').counter('visits').increment())).toBe(value)
  }
  await blackOut(world)
  disks.lose('b')
  for (const host of ['a', 'b', 'c']) await world.start(host)
  expect(await world.settled(world.on('c').counter('visits').get({ timeoutMs: 30_000 }))).toBe(3)
})

test('says for whose disks it waits, where too few nodes are back', async () => {
  const disks = onDisks({ copies: 3, ack: 2 })
  await using world = await DataWorld.of('a b c', disks.options)
  expect(await world.settled(world.on('b').counter('visits').increment())).toBe(1)
  await blackOut(world)
  const { remoting } = await world.start('a')
  await expect(
    world.settled(world.on('a').counter('visits').get({ timeoutMs: 30_000 })),
  ).rejects.toMatchObject({
    code: 'CASTY_DDATA_UNAVAILABLE',
    message: expect.stringMatching(
      /in shard \d+ of casty:ddata\. .* It waits for disks: .* on the disks of b:1, c:1, .* goes on without them\./,
    ),
  })
  // Who uses them from outside knows that there are disks, and not which.
  using _access = new ClientAccess(remoting, {})
  const random = seededRandom(7)
  await using system = new ActorSystem({ clock: world.clock, random })
  const transport = world.network.transport({ host: 'x' })
  const settings = { system, transport, contactPoints: ['a:1'], random }
  await using client = await world.settled(ClusterClient.connect(settings))
  const outside = new Distributed({ system, sharding: ShardingClient.attach({ client }) })
  await expect(
    world.settled(outside.counter('visits').get({ timeoutMs: 30_000 })),
  ).rejects.toMatchObject({
    code: 'CASTY_DDATA_UNAVAILABLE',
    message: expect.stringContaining('or it waits for the disks of others'),
  })
})

test('says that an owner is out of reach, where those that are left may not take over', async () => {
  await using world = await DataWorld.of('a b c', onDisks({ copies: 3, ack: 2 }).options)
  const counters = Array.from({ length: 8 }, (_, index) => world.on('a').counter(`visits ${index}`))
  await world.settled(Promise.all(counters.map(async (counter) => await counter.increment())))
  for (const host of ['b', 'c']) await world.kill(host)
  const calls = counters.map(async (counter) => await counter.get({ timeoutMs: 30_000 }))
  const outcomes = await world.settled(Promise.allSettled(calls))
  const ofOwners = expect.stringMatching(
    /in shard \d+ of casty:ddata\. [bc]:1#\d+ owns it .* Its owner is out of reach\./,
  )
  // What the one that is left owns is read there.
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  )
  expect(refused).not.toEqual([])
  for (const reason of refused) {
    expect(reason).toMatchObject({ code: 'CASTY_DDATA_UNAVAILABLE', message: ofOwners })
  }
})

test('nodes that were killed and come back with their disks miss nothing', async () => {
  await using world = await DataWorld.of('a b c', onDisks({ copies: 2, ack: 'all' }).options)
  const visits = world.on('a').counter('visits', { timeoutMs: 30_000 })
  for (const [index, host] of ['c', 'b', 'c'].entries()) {
    expect(await world.settled(visits.increment())).toBe(index + 1)
    await world.kill(host)
    await world.start(host)
  }
  expect(await world.settled(visits.get())).toBe(3)
})
