import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'
import { outcomeOf } from './outcome.ts'

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

test('an update is computed again until nobody came in between', async () => {
  await using world = await DataWorld.of('a b')
  const maps = ['a', 'b', 'a', 'b'].map((host) => world.on(host).map<string, number>('stock'))
  const updates = maps.map(async (map) => await map.update('tea', (left = 0) => left + 1))
  const results = await world.settled(Promise.all(updates))
  expect(new Set(results)).toEqual(new Set([1, 2, 3, 4]))
  expect(await world.settled(world.on('b').map('stock').get('tea'))).toBe(4)
})

test('a scan can be of keys that begin alike', async () => {
  await using world = await DataWorld.of('a')
  const map = world.on('a').map<string, number>('stock', { shards: 4 })
  const items = ['tea/green', 'tea/black', 'milk'].map((key, index) => [key, index] as const)
  await world.settled(map.putMany(items))
  const keys = await world.settled(all(map.keys({ prefix: 'tea/', batch: 1 })))
  expect(keys.toSorted()).toEqual(['tea/black', 'tea/green'])
})

test('a queue that is full lets those wait who want to, in their order', async () => {
  await using world = await DataWorld.of('a b')
  const options = { maxSize: 1, onFull: 'wait' } as const
  const queue = world.on('a').queue<string>('work', options)
  await world.settled(queue.enqueue('x'))
  const second = outcomeOf(world.on('b').queue<string>('work', options).enqueue('y'))
  await world.settle(1_000)
  expect(second.isSettled).toBe(false)
  expect(await world.settled(queue.dequeue())).toBe('x')
  await world.until(() => second.isSettled)
  expect(await world.settled(queue.dequeue())).toBe('y')
})

test('an item is kept from others for as long as the loop works on it', async () => {
  await using world = await DataWorld.of('a b')
  const queue = world.on('a').queue<string>('work', { visibilityMs: 1_000 })
  await world.settled(queue.enqueue('x'))
  const deliveries = queue.consume()
  const { value: delivery } = await world.settled(deliveries.next())
  await world.settle(10_000)
  const other = world.on('b').queue<string>('work', { visibilityMs: 1_000 })
  expect(await world.settled(other.reserve())).toBeUndefined()
  expect(delivery?.signal.aborted).toBe(false)
  await world.settled(deliveries.return())
  expect(await world.settled(other.reserve())).toMatchObject({ value: 'x', deliveries: 2 })
})
