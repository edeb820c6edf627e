// Entities that live without a message, on the node that a strategy chooses.
import { Behaviors, type ActorRef } from '@casty/actor'
import { expect, test } from 'vitest'
import { leastShards, oldestHost, type AllocationStrategy, type EntityType } from '@casty/sharding'
import { ShardingWorld } from './sharding-world.ts'

type Message = 'stop' | { readonly replyTo: ActorRef<string> }

function clockType(lives: string[]): EntityType<Message> {
  return {
    name: 'only:clock',
    numShards: 1,
    keepAlive: ['clock'],
    entity: ({ epoch }) =>
      Behaviors.setup((context) => {
        lives.push(`${context.system.clock.now()}`)
        return Behaviors.receive<Message>((message) => {
          if (message === 'stop') return Behaviors.stopped
          message.replyTo.tell(String(epoch))
          return Behaviors.same
        })
      }),
  }
}

const onlyOnOldest: AllocationStrategy = {
  allocate: (name, shard, hosts) =>
    (name.startsWith('only:') ? oldestHost : leastShards).allocate(name, shard, hosts),
  rebalance: (name, hosts, limit) =>
    (name.startsWith('only:') ? oldestHost : leastShards).rebalance(name, hosts, limit),
}

function hostsOf(world: ShardingWorld): readonly string[] {
  return world.nodes
    .filter(({ sharding }) => sharding.regions.some((one) => one.statistics().entities > 0))
    .map(({ host }) => host)
}

test('an entity that is kept alive starts without a message, on the oldest node', async () => {
  await using world = await ShardingWorld.of('a b c', { sharding: { strategy: onlyOnOldest } })
  const lives: string[] = []
  world.startType(clockType(lives))
  await world.until(() => lives.length > 0)
  expect(hostsOf(world)).toEqual(['a'])
})

test('it starts again after it has stopped, later each time', async () => {
  await using world = await ShardingWorld.of('a')
  const lives: string[] = []
  const region = world.startType(clockType(lives)).get('a')
  await world.until(() => lives.length === 1)
  for (const count of [2, 3, 4]) {
    region?.tell('clock', 'stop')
    await world.until(() => lives.length === count)
  }
  const pauses = lives.map((at, index) => Number(at) - Number(lives[index - 1] ?? at))
  expect(pauses.slice(1).map((pause) => Math.floor(pause / 200) * 200)).toEqual([200, 400, 800])
})

test('a message starts it at once', async () => {
  await using world = await ShardingWorld.of('a')
  const lives: string[] = []
  const region = world.startType(clockType(lives)).get('a')
  if (!region) throw new Error('The type was started')
  await world.until(() => lives.length === 1)
  region.tell('clock', 'stop')
  await world.settle(1)
  await world.settled(
    region.ask<string>('clock', (replyTo) => ({ replyTo })),
    100,
  )
  await world.settle(1_000)
  expect(lives).toHaveLength(2)
})

test('it starts elsewhere when its node leaves, and under a higher epoch', async () => {
  await using world = await ShardingWorld.of('a b', { sharding: { strategy: onlyOnOldest } })
  const lives: string[] = []
  const region = world.startType(clockType(lives)).get('b')
  if (!region) throw new Error('The type was started')
  const epoch = async (): Promise<number> =>
    Number(await world.settled(region.ask<string>('clock', (replyTo) => ({ replyTo }))))
  const before = await epoch()
  await world.leave('a')
  await world.until(() => lives.length === 2)
  expect(hostsOf(world)).toEqual(['b'])
  expect(await epoch()).toBeGreaterThan(before)
})

test('it is never idle', async () => {
  await using world = await ShardingWorld.of('a')
  const lives: string[] = []
  world.startType({ ...clockType(lives), idleTimeoutMs: 1_000 })
  await world.until(() => lives.length === 1)
  await world.settle(5_000)
  expect(lives).toHaveLength(1)
})
