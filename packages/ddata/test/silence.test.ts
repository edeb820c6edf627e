import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'
import { outcomeOf } from './outcome.ts'

function cutOff(world: DataWorld, host: string): void {
  const others = world.nodes.filter((node) => node.host !== host)
  world.network.partition(
    [world.node(host).address],
    others.map(({ address }) => address),
  )
}

// What `d` sees of parts that are elsewhere: it is the last one, and has none of these.
test('does not say of an item that nothing happened, where nobody answered', async () => {
  await using world = await DataWorld.of('a b c d')
  const queue = world.on('d').queue<string>('work')
  await world.settled(queue.enqueue('first'))
  cutOff(world, 'd')
  const enqueued = queue.enqueue('second')
  const startedAt = world.clock.now()
  await expect(world.settled(enqueued)).rejects.toMatchObject({ applied: 'unknown' })
  expect(world.clock.now() - startedAt).toBeLessThan(5_100)
})

test.each([
  [
    'an item that may have to wait',
    async (world: DataWorld): Promise<unknown> => {
      return await world.on('d').queue<string>('work', { onFull: 'wait' }).enqueue('item')
    },
  ],
  [
    'an arrival',
    async (world: DataWorld): Promise<unknown> => {
      return await world.on('d').barrier('meeting').arrive(2)
    },
  ],
])('does not say of %s that nothing happened, where nobody answered for long', async (_, call) => {
  await using world = await DataWorld.of('a b c d')
  const outcome = outcomeOf(call(world).catch((error: unknown) => error))
  cutOff(world, 'd')
  await world.until(() => outcome.isSettled, 120_000)
  expect(outcome.value).toMatchObject({ applied: 'unknown' })
})
