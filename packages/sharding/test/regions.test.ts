// Regions of several nodes, with tables that a test makes.
import { Behaviors, type ActorRef, type Behavior } from '@casty/actor'
import { expect, test } from 'vitest'
import type { EntityContext } from '@casty/sharding'
import { RegionWorld } from './region-world.ts'

type Counting =
  | { readonly type: 'add'; readonly amount: number }
  | { readonly type: 'total'; readonly replyTo: ActorRef<string> }

/** Answers who and where it is, and how much was added. */
function counter(host: string): (entity: EntityContext<Counting>) => Behavior<Counting> {
  return ({ entityId, epoch }) =>
    Behaviors.setup(() => {
      let total = 0
      return Behaviors.receive<Counting>((message) => {
        if (message.type === 'add') total += message.amount
        else message.replyTo.tell(`${entityId}@${epoch} on ${host}: ${total}`)
      })
    })
}

test('an entity answers from wherever its shard is, one hop away', async () => {
  await using world = await RegionWorld.of('a b c')
  const regions = world.startType<Counting>({
    name: 'counter',
    numShards: 6,
    entity: (entity) => counter('?')(entity),
  })
  world.giveAll('counter', 'a b c')
  await world.settle()
  for (const region of regions.values()) region.tell('x', { type: 'add', amount: 1 })
  await world.settle()
  for (const region of regions.values()) {
    const answer = region.ask('x', (replyTo) => ({ type: 'total', replyTo }))
    expect(await world.settled(answer)).toBe('x@1 on ?: 3')
  }
})
