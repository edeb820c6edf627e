import type { Delivery } from '@casty/ddata'
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test('gives items out in order, to whoever asks first', async () => {
  await using world = await DataWorld.of('a b c')
  const queue = world.on('a').queue<string>('work')
  await world.settled(Promise.all(['x', 'y', 'z'].map(async (item) => await queue.enqueue(item))))
  const elsewhere = world.on('b').queue<string>('work')
  expect(await world.settled(elsewhere.peek())).toBe('x')
  expect(await world.settled(elsewhere.dequeue())).toBe('x')
  expect(await world.settled(queue.dequeueMany(5))).toEqual(['y', 'z'])
  expect(await world.settled(queue.dequeue())).toBeUndefined()
})

test('delivers again what was not acknowledged in time, in its old place', async () => {
  await using world = await DataWorld.of('a b c')
  const queue = world.on('a').queue<string>('work', { visibilityMs: 1_000 })
  await world.settled(queue.enqueueMany(['x', 'y']))
  const first = await world.settled(queue.reserve())
  await world.settle(1_100)
  const second = await world.settled(queue.reserve())
  expect(second).toMatchObject({ value: 'x', deliveries: 2 })
  expect(first?.signal.aborted).toBe(true)
  expect(await world.settled(acknowledged(first))).toBe(false)
  expect(await world.settled(acknowledged(second))).toBe(true)
})

test('lets those who wait take in turn', async () => {
  await using world = await DataWorld.of('a b c')
  const [first, second] = [
    world.on('a').queue<number>('work').take(),
    world.on('b').queue<number>('work').take(),
  ]
  await world.settle()
  await world.settled(world.on('c').queue<number>('work').enqueueMany([1, 2]))
  expect(new Set([await world.settled(first), await world.settled(second)])).toEqual(
    new Set([1, 2]),
  )
})

async function acknowledged(delivery: Delivery<string> | undefined): Promise<boolean | undefined> {
  return await delivery?.ack()
}

test.each([
  ['onFull', { onFull: 'wait' }, {}, 'wait', 'reject'],
  ['maxSize', {}, { maxSize: 5 }, undefined, 5],
  ['dedupWindowMs', {}, { dedupWindowMs: 0.5 }, 300_000, 1],
] as const)('says of %s what its users said', async (field, first, second, existing, requested) => {
  await using world = await DataWorld.of('a b')
  await world.settled(world.on('a').queue('work', first).enqueue(1))
  const enqueued = world.settled(world.on('b').queue('work', second).enqueue(1))
  await expect(enqueued).rejects.toMatchObject({
    code: 'CASTY_DDATA_CONFIG_MISMATCH',
    message: expect.stringContaining(`has ${field} ${existing ?? 'none'}, not ${requested}. `),
    field,
    existing,
    requested,
  })
})
