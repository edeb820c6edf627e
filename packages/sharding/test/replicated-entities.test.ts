// Entities whose events are kept in memory on several nodes.
import { Behaviors, type ActorRef } from '@casty/actor'
import { eventSourced } from '@casty/persistence'
import type { EntityRegion, EntityType } from '@casty/sharding'
import { expect, test } from 'vitest'
import { ShardingWorld } from './sharding-world.ts'

interface Add {
  readonly amount: number
  readonly replyTo: ActorRef<number>
}

function counter(minAcks: number | 'majority'): EntityType<Add> {
  return {
    name: 'counter',
    numShards: 6,
    replication: { replicas: 2, minAcks },
    entity: ({ entityId, journal }) => {
      if (!journal) throw new Error('Where events are replicated, there is a journal')
      return eventSourced<Add, number, number>({
        id: entityId,
        journal,
        initialState: 0,
        onCommand: (_total, { amount, replyTo }, { effects }) =>
          effects.persist(amount).thenReply(replyTo, (total) => total),
        onEvent: (total, amount) => total + amount,
      })
    },
  }
}

/** It dies, and is removed. */
async function lose(world: ShardingWorld, host: string): Promise<void> {
  const { address } = world.node(host)
  await world.kill(host)
  await world.settle(10_000)
  world.node('a').cluster.down(address)
  await world.settle(20_000)
}

const ids = Array.from({ length: 20 }, (_, index) => `e${index}`)

async function addToAll(
  world: ShardingWorld,
  region: EntityRegion<Add>,
  amount: number,
): Promise<readonly number[]> {
  const asked = ids.map(async (id) =>
    region.ask<number>(id, (replyTo) => ({ amount, replyTo }), { timeoutMs: 20_000 }),
  )
  return await world.settled(Promise.all(asked), 60_000)
}

test('a majority of the copies that there are confirms, on a node alone as well', async () => {
  await using world = await ShardingWorld.of('a')
  const region = world.startType(counter('majority')).get('a')
  if (!region) throw new Error('No region at a')
  expect(await addToAll(world, region, 1)).toEqual(ids.map(() => 1))
  for (const host of ['b', 'c']) {
    const { sharding } = await world.start(host)
    sharding.start(counter('majority'))
  }
  await world.settle(20_000)
  expect(await addToAll(world, region, 1)).toEqual(ids.map(() => 2))
  await lose(world, 'c')
  expect(await addToAll(world, region, 1)).toEqual(ids.map(() => 3))
})

test('what replicated entities confirmed outlives the loss of one node after the other', async () => {
  await using world = await ShardingWorld.of('a b c d')
  const region = world.startType(counter(1)).get('a')
  if (!region) throw new Error('No region at a')
  expect(await addToAll(world, region, 1)).toEqual(ids.map(() => 1))
  await lose(world, 'd')
  expect(await addToAll(world, region, 1)).toEqual(ids.map(() => 2))
  await lose(world, 'c')
  expect(await addToAll(world, region, 1)).toEqual(ids.map(() => 3))
})

test('replicated entities keep their events when their shard moves to a new node', async () => {
  await using world = await ShardingWorld.of('a b c')
  const regions = world.startType(counter(1))
  const region = regions.get('a')
  if (!region) throw new Error('No region at a')
  expect(await addToAll(world, region, 1)).toEqual(ids.map(() => 1))
  const d = await world.start('d')
  const there = d.sharding.start(counter(1))
  await world.until(() => there.statistics().shards > 0)
  await world.settle(2_000)
  expect(await addToAll(world, region, 1)).toEqual(ids.map(() => 2))
})

test('a write that replicas do not confirm fails its question, and the entity goes on with what there is', async () => {
  await using world = await ShardingWorld.of('a b')
  const type: EntityType<Add> = {
    ...counter(1),
    replication: { replicas: 1, minAcks: 1, ackTimeoutMs: 1_000 },
  }
  const region = world.startType(type).get('a')
  if (!region) throw new Error('No region at a')
  const add = async (id: string): Promise<number> =>
    await region.ask<number>(id, (replyTo) => ({ amount: 1, replyTo }), { timeoutMs: 30_000 })
  await world.settle(3_000)
  const own = ids.find((id) => region.explain(region.shardOf(id)).owner?.startsWith('a:') === true)
  if (own === undefined) throw new Error('a has none of the shards')
  expect(await world.settled(add(own))).toBe(1)
  // The other node does not answer any more, and nobody knows that yet.
  world.network.kill(world.node('b').address)
  const failed = expect(add(own)).rejects.toMatchObject({ code: 'CASTY_ACTOR_ASK_UNANSWERED' })
  await world.settle(1_500)
  await failed
  expect(region.statistics().replication).toMatchObject({ timedOut: 1 })
  const { replication, summary } = region.explain(region.shardOf(own))
  expect(replication).toMatchObject({
    isReady: true,
    replicas: [{ isToKeep: true, isReachable: false }],
  })
  expect(summary).toContain('Out of reach: b:1')
})

test('what replication does is counted', async () => {
  await using world = await ShardingWorld.of('a b')
  const regions = world.startType({ ...counter(1), replication: { replicas: 1 } })
  const region = regions.get('a')
  if (!region) throw new Error('No region at a')
  await addToAll(world, region, 1)
  const both = [...regions.values()].map((one) => one.statistics().replication)
  for (const statistics of both) {
    expect(statistics).toMatchObject({ copies: ids.length, refused: 0, noRoom: 0, timedOut: 0 })
  }
  const total = (counter: 'framesBegun' | 'operationsSent'): number =>
    both.reduce((sum, one) => sum + (one?.[counter] ?? 0), 0)
  expect(total('operationsSent')).toBe(2 * ids.length) // A claim, and an event.
  expect(total('framesBegun')).toBeGreaterThan(0)
  expect(total('framesBegun')).toBeLessThan(2 * ids.length) // Those of a turn share frames.
})

test('each write that finds too few replicas is answered, also where the logger throws that is told of them', async () => {
  await using world = await ShardingWorld.of('a')
  let warnings = 0
  const warn = (): void => {
    warnings++
    throw new Error('The log is full')
  }
  await world.start('b', { logger: { debug() {}, info() {}, warn, error() {} } })
  const type: EntityType<{ readonly replyTo: ActorRef<unknown> }> = {
    name: 'lonely',
    numShards: 2,
    replication: { replicas: 2, minAcks: 2, ackTimeoutMs: 1_000 },
    entity: ({ entityId, journal }) =>
      Behaviors.receive(({ replyTo }) => {
        journal?.claim(entityId, 1).then(
          () => replyTo.tell('claimed'),
          (error: unknown) => replyTo.tell(error),
        )
      }),
  }
  const region = world.startType(type).get('b')
  if (!region) throw new Error('No region at b')
  await world.settle(10_000)
  const asked = ids.map((id) =>
    region.ask<unknown>(id, (replyTo) => ({ replyTo }), { timeoutMs: 20_000 }),
  )
  const unavailable: unknown = expect.objectContaining({ code: 'CASTY_JOURNAL_UNAVAILABLE' })
  expect(await world.settled(Promise.all(asked), 60_000)).toEqual(ids.map(() => unavailable))
  expect(warnings).toBeGreaterThan(0)
})
