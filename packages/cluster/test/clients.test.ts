// Processes that are no members, where the system lets them in.
import { ActorSystem } from '@casty/actor'
import { seededRandom } from '@casty/clock'
import { Behaviors, ServiceKey, type ActorRef } from '@casty/cluster'
import { ClusterClient } from '@casty/remote'
import { ShardingClient } from '@casty/sharding'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const echo = Behaviors.receive<ActorRef<string>>((replyTo) => replyTo.tell('here'))
const here = (replyTo: ActorRef<string>): ActorRef<string> => replyTo

async function connect(world: SystemWorld, system: ActorSystem): Promise<ClusterClient> {
  return await ClusterClient.connect({
    system,
    transport: world.network.transport({ host: 'x' }),
    contactPoints: ['a:1'],
    random: seededRandom(7),
  })
}

test('a client reaches entities, singletons and services of a system that lets it in', async () => {
  await using world = await SystemWorld.start('a b', { clients: true })
  const key = new ServiceKey<ActorRef<string>>('echo')
  for (const node of world.nodes) {
    node.spawn(
      Behaviors.sharded(() => echo, { numShards: 4 }),
      'echo',
    )
    node.spawn(
      Behaviors.singleton(() => echo),
      'boss',
    )
  }
  world.node('b').spawn(Behaviors.discoverable(echo, { key }))
  await world.pass(3_000)
  const system = new ActorSystem({ clock: world.clock, random: seededRandom(8) })
  const client = await world.settled(connect(world, system))
  using sharding = ShardingClient.attach({ client })
  const entities = sharding.startProxy<ActorRef<string>>({ name: 'echo', numShards: 4 })
  const boss = sharding.startProxy<ActorRef<string>>({ name: 'singleton:boss', numShards: 1 })
  const [service] = client.lookup(key).instances
  if (!service) throw new Error('It is known to the contact')
  const answers = [
    ...['x', 'y', 'z'].map(async (id) => await entities.ask<string>(id, here)),
    boss.ask<string>('boss', here),
    client.ask(service.ref, here),
  ]
  expect(await world.settled(Promise.all(answers))).toEqual(answers.map(() => 'here'))
  expect(world.node('a').clientAccess?.clients).toHaveLength(1)
  await world.settled(client[Symbol.asyncDispose]())
  await world.settled(system.shutdown())
})

test('no client is let in unasked', async () => {
  await using world = await SystemWorld.start('a')
  const system = new ActorSystem({ clock: world.clock, random: seededRandom(8) })
  const outcome = connect(world, system).then(
    () => 'let in',
    (error: unknown) => (error as { readonly code?: unknown }).code,
  )
  expect(await world.settled(outcome, 120_000)).toBe('CASTY_REMOTE_NO_CONTACT')
  expect(world.node('a').clientAccess).toBeUndefined()
  await world.settled(system.shutdown())
})

test('nobody is let in where clients are said to be none', async () => {
  await using world = await SystemWorld.start('a', { clients: false })
  expect(world.node('a').clientAccess).toBeUndefined()
})
