// Who keeps shared structures of a system.
import { ActorSystem } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { Distributed } from '@casty/ddata'
import { inMemoryJournal } from '@casty/persistence'
import { ClusterClient } from '@casty/remote'
import { ShardingClient } from '@casty/sharding'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

/** How many shards of structures each node runs. */
function sharesIn(world: SystemWorld): readonly number[] {
  return world.nodes.map(({ sharding }) => {
    const region = sharding.regions.find(({ type }) => type === 'casty:ddata')
    return region?.statistics().shards ?? 0
  })
}

test('systems that are told to keep structures do so unasked, for clients too', async () => {
  await using world = await SystemWorld.start('a b c', { distributed: true, clients: true })
  await world.until(() => sharesIn(world).every((share) => share > 50))
  const system = new ActorSystem({ clock: world.clock, random: seededRandom(8) })
  const client = await world.settled(
    ClusterClient.connect({
      system,
      transport: world.network.transport({ host: 'x' }),
      contactPoints: ['a:1'],
      random: seededRandom(7),
    }),
  )
  using sharding = ShardingClient.attach({ client })
  const distributed = new Distributed({ system, sharding })
  expect(await world.settled(distributed.counter('visits').increment())).toBe(1)
  expect(await world.settled(world.node('b').distributed().counter('visits').get())).toBe(1)
  await world.settled(distributed.close())
  await world.settled(client[Symbol.asyncDispose]())
  await world.settled(system.shutdown())
})

test('keeps structures as the start was told, where a call does not say otherwise', async () => {
  const journal = inMemoryJournal()
  await using world = await SystemWorld.start('a', { distributed: { journal, timeoutMs: 700 } })
  const distributed = world.node('a').distributed()
  expect(await world.settled(distributed.counter('visits').increment())).toBe(1)
  const ids: string[] = []
  for await (const id of journal.ids()) ids.push(id)
  expect(ids.some((id) => id.startsWith('casty:ddata/counter/'))).toBe(true)
  expect(() => world.node('a').distributed({ replication: { copies: 2 } })).toThrow('allowed is what this node uses') // prettier-ignore
})

test('a system that was not told keeps none before it uses some', async () => {
  await using world = await SystemWorld.start('a b', { distributed: false })
  await world.pass(3_000)
  expect(world.node('b').sharding.regions.map(({ type }) => type)).not.toContain('casty:ddata')
  expect(await world.settled(world.node('a').distributed().counter('visits').increment())).toBe(1)
  expect(sharesIn(world)).toEqual([256, 0])
})
