// Parts that nobody uses for long, and of which something is still to become.
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test('a part in which something runs out in ten minutes does not look for it again and again', async () => {
  await using world = await DataWorld.of('a b', { idleTimeoutMs: 2_000 })
  const queue = world.on('a').queue<string>('work', { visibilityMs: 600_000 })
  await world.settled(queue.enqueue('x'))
  const delivery = await world.settled(queue.reserve())
  if (!delivery) throw new Error('Nothing was delivered')
  await world.settle(20_000) // Fails where timers run and time stands still.
  await world.settled(delivery.ack())
  expect(await world.settled(queue.size())).toBe(0)
})

test('what parts held before they were stopped is there when they are used again', async () => {
  await using world = await DataWorld.of('a b c', { idleTimeoutMs: 2_000 })
  const map = world.on('a').map<number, string>('names')
  const expected = new Map<number, string>()
  for (let round = 0; round < 4; round++) {
    const entries = Array.from(
      { length: 300 },
      (_, key) => [key, `${round} ${'x'.repeat(100)}`] as const,
    )
    for (const [key, value] of entries) expected.set(key, value)
    // eslint-disable-next-line no-await-in-loop -- Each time after parts were stopped.
    await world.settled(map.putMany(entries))
    // eslint-disable-next-line no-await-in-loop -- The same.
    await world.settle(60_000)
  }
  for (const { host } of world.nodes) expect(world.region(host).statistics().entities).toBe(0)
  expect(await world.settled(map.getMany([...expected.keys()]))).toEqual(expected)
})

test('what is to run out does so whether or not its part is used', async () => {
  await using world = await DataWorld.of('a b c', { idleTimeoutMs: 2_000 })
  const map = world.on('a').map<string, number>('tokens')
  await world.settled(map.put('ann', 1, { ttlMs: 120_000 }))
  await world.settle(110_000)
  expect(await world.settled(map.get('ann'))).toBe(1)
  await world.settle(11_000)
  expect(await world.settled(map.get('ann'))).toBeUndefined()
})
