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

test('who is closed with an item in hand knows', async () => {
  await using world = await DataWorld.of('a b')
  const queue = world.on('a').queue<string>('work', { visibilityMs: 60_000 })
  await world.settled(queue.enqueue('x'))
  const delivery = await world.settled(queue.reserve())
  expect(delivery?.signal.aborted).toBe(false)
  await world.settled(world.on('a').close())
  expect(delivery?.signal.reason).toMatchObject({ code: 'CASTY_DDATA_CLOSED' })
})

test('what is too much for one part at once is refused before anything is sent', async () => {
  await using world = await DataWorld.of('a')
  const map = world.on('a').map<string, string>('m', { shards: 2 })
  const set = world.on('a').set<string>('s', { shards: 1 })
  const large = Array.from({ length: 10 }, (_, of) => `${of}${'x'.repeat(200_000)}`)
  const tooLarge = { code: 'CASTY_DDATA_TOO_LARGE', applied: 'no' }
  const entries = large.map((value, of) => [`${of}`, value] as const)
  await expect(world.settled(map.putMany(entries))).rejects.toMatchObject(tooLarge)
  expect(await world.settled(map.size())).toBe(0)
  await expect(world.settled(map.deleteMany(large))).rejects.toMatchObject(tooLarge)
  await expect(world.settled(set.addMany(large))).rejects.toMatchObject(tooLarge)
  await expect(world.settled(set.removeMany(large))).rejects.toMatchObject(tooLarge)
  const queue = world.on('a').queue<string>('q')
  await expect(world.settled(queue.enqueueMany(large))).rejects.toMatchObject(tooLarge)
})

test('what is asked for at once may be as much as there is', async () => {
  await using world = await DataWorld.of('a b')
  const map = world.on('a').map<string, number>('m', { shards: 1 })
  const keys = Array.from({ length: 8 }, (_, of) => `${of}${'x'.repeat(200_000)}`)
  for (const [of, key] of keys.entries()) await world.settled(map.set(key, of))
  const found = await world.settled(
    world.on('b').map<string, number>('m', { shards: 1 }).getMany(keys),
  )
  expect([...found.values()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('more items than a queue has room for are no matter of time', async () => {
  await using world = await DataWorld.of('a')
  const queue = world.on('a').queue<number>('work', { maxSize: 2 })
  await expect(world.settled(queue.enqueueMany([1, 2, 3]))).rejects.toMatchObject({
    code: 'CASTY_DDATA_QUEUE_FULL', isRetryable: false, field: 'maxSize', existing: 2, requested: 3,
  }) // prettier-ignore
  await world.settled(queue.enqueueMany([1, 2]))
  await expect(world.settled(queue.enqueue(3))).rejects.toMatchObject({
    code: 'CASTY_DDATA_QUEUE_FULL',
    isRetryable: true,
  })
})

test('an idempotency key has one effect for those who wait for room, from all processes', async () => {
  await using world = await DataWorld.of('a b')
  const options = { maxSize: 1, onFull: 'wait' } as const
  const on = (host: string) => world.on(host).queue<string>('work', options)
  await world.settled(on('a').enqueue('x'))
  const first = on('a').enqueue('y', { idempotencyKey: 'y' })
  await world.settle(500)
  const second = on('b').enqueue('y', { idempotencyKey: 'y' })
  await world.settle(500)
  expect(await world.settled(on('a').dequeue())).toBe('x')
  const [one, other] = await world.settled(Promise.all([first, second]))
  expect(one).toEqual(other)
  expect(await world.settled(on('b').dequeue())).toBe('y')
  expect(await world.settled(on('a').dequeue())).toBeUndefined()
  expect(await world.settled(on('b').enqueue('y', { idempotencyKey: 'y' }))).toEqual(one)
})
