// All of sharding, on several nodes.
import { Behaviors, type ActorRef } from '@casty/actor'
import { expect, test } from 'vitest'
import type { EntityRegion, EntityType } from '@casty/sharding'
import { ShardingWorld } from './sharding-world.ts'

type Counting =
  | { readonly type: 'add'; readonly amount: number }
  | { readonly type: 'total'; readonly replyTo: ActorRef<number> }

const counter: EntityType<Counting> = {
  name: 'counter',
  numShards: 12,
  entity: () =>
    Behaviors.setup(() => {
      let total = 0
      return Behaviors.receive<Counting>((message) => {
        if (message.type === 'add') total += message.amount
        else message.replyTo.tell(total)
      })
    }),
}

async function total(
  world: ShardingWorld,
  region: EntityRegion<Counting>,
  id: string,
): Promise<number> {
  return await world.settled(region.ask<number>(id, (replyTo) => ({ type: 'total', replyTo })))
}

function shardsOf(regions: ReadonlyMap<string, EntityRegion<Counting>>): readonly number[] {
  return [...regions.values()].map((region) => region.statistics().shards)
}

test('entities answer on three nodes, each from one of them', async () => {
  await using world = await ShardingWorld.of('a b c')
  const regions = world.startType(counter)
  await world.until(() => shardsOf(regions).reduce((sum, count) => sum + count) === 12)
  expect(shardsOf(regions)).toEqual([4, 4, 4])
  for (const region of regions.values()) {
    for (const id of ['x', 'y', 'z']) region.tell(id, { type: 'add', amount: 1 })
  }
  await world.settle()
  for (const region of regions.values()) {
    for (const id of ['x', 'y', 'z']) expect(await total(world, region, id)).toBe(3)
  }
  expect(world.nodes.flatMap(({ lost }) => lost)).toEqual([])
})
