// What people are told of a shard in each of its states, on the node that has it and on another.
import { Behaviors, type Behavior } from '@casty/actor'
import { expect, test } from 'vitest'
import type { EntityRegion } from '@casty/sharding'
import { RegionWorld } from './region-world.ts'

type Message = 'note' | 'hang'

test('a shard is explained in each of its states, on all nodes', async () => {
  await using world = await RegionWorld.of('a b', { handoffTimeoutMs: 500, stopTimeoutMs: 500 })
  let goOn = (): void => {}
  const behavior = Behaviors.receive<Message>(async (message): Promise<Behavior<Message>> => {
    if (message === 'hang') await new Promise<void>((resolve) => (goOn = resolve))
    return Behaviors.same
  })
  const regions = world.startType<Message>({ name: 'slow', numShards: 1, entity: () => behavior })
  const region = (host: string): EntityRegion<Message> => {
    const found = regions.get(host)
    if (!found) throw new Error(`No region at ${host}`)
    return found
  }
  const told = (host: string): string =>
    region(host)
      .explain(0)
      .summary.replaceAll(/:1#\d+/g, '')
  const nobody =
    'Nobody owns it yet: no member that is up hosts its type, or has only just begun to.'

  await world.settle()
  expect([told('a'), told('b')]).toEqual([nobody, nobody])
  region('b').tell('x', 'note')
  expect(told('b')).toBe(`${nobody} 1 message waits for it here.`)

  world.give('slow', 0, 'a')
  await world.settle()
  expect(told('a')).toBe('a owns it under epoch 1. Here it is running.')
  expect(told('b')).toBe('a owns it under epoch 1.')
  expect(region('a').explain(0)).toMatchObject({ route: 'here', stage: 'running', entities: 1 })

  world.lease('a', false)
  expect(told('a')).toBe(
    'a owns it under epoch 1. Here it is running. Its entities wait for the lease of this node.',
  )
  world.lease('a', true)

  region('a').tell('x', 'hang')
  await world.settle()
  world.move('slow', 0, 'b')
  await world.settle()
  expect(told('a')).toBe('a owns it under epoch 1, and hands it to b. Here it is draining.')
  for (const _ of ['one', 'two']) region('b').tell('x', 'note')
  expect(told('b')).toBe('a owns it under epoch 1, and hands it to b. 2 messages wait for it here.')
  goOn()
  await world.settle()
  expect(told('a')).toBe('b owns it under epoch 2.')
  expect(told('b')).toBe('b owns it under epoch 2. Here it is running.')

  await world.kill('b')
  region('a').tell('x', 'note')
  await world.until(() => region('a').explain(0).route === 'waiting')
  region('a').tell('x', 'note')
  expect(told('a')).toMatch(
    /^b owns it under epoch 2\. Its owner is out of reach\. [12] messages? /,
  )
})
