// Parts that nobody uses for long, and of which something is still to become.
import type { Counter, Distributed } from '@casty/ddata'
import { expect, test } from 'vitest'
import { tableId } from '../src/kinds/kind.ts'
import { DataWorld } from './data-world.ts'
import { ownerAndOther } from './owners.ts'

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

function partsOf(world: DataWorld): number {
  return world.nodes.reduce((sum, { host }) => sum + world.region(host).statistics().entities, 0)
}

test('a part that nobody uses is stopped in its time, whoever used it before', async () => {
  await using world = await DataWorld.of('a b c', { idleTimeoutMs: 500 })
  const counter = world.on('a').counter('visits')
  for (let visit = 1; visit <= 5; visit++) {
    // eslint-disable-next-line no-await-in-loop -- Each time after the part was stopped.
    expect(await world.settled(counter.increment())).toBe(visit)
    expect(partsOf(world)).toBe(1)
    // eslint-disable-next-line no-await-in-loop -- The same.
    await world.until(() => partsOf(world) === 0, 5_000)
  }
})

test.each([
  ['a lock is held', async (user: Distributed) => void (await user.lock('l').acquire())],
  [
    'an item is waited for',
    async (user: Distributed) =>
      void user
        .queue('q')
        .take()
        .catch(() => {}),
  ],
  [
    'others are waited for',
    async (user: Distributed) =>
      void user
        .barrier('b')
        .arrive(2)
        .catch(() => {}),
  ],
  [
    'it is watched',
    async (user: Distributed) =>
      void user
        .counter('c')
        .watch()
        .next()
        .then(
          () => {},
          () => {},
        ),
  ],
])('a part is not stopped while %s', async (_, use) => {
  await using world = await DataWorld.of('a b c', { idleTimeoutMs: 300 })
  await world.settled(use(world.on('a')))
  await world.settle(1_000)
  for (let waited = 0; waited < 100; waited++) {
    expect(partsOf(world)).toBe(1)
    // eslint-disable-next-line no-await-in-loop -- It must not be stopped in between.
    await world.settle(100)
  }
})

/** One that another node keeps, and that was incremented once. */
async function counterFarFrom(world: DataWorld, host: string): Promise<Counter> {
  for (let index = 0; ; index++) {
    const name = `counter ${index}`
    const counter = world.on(host).counter(name)
    // eslint-disable-next-line no-await-in-loop -- The first one will do.
    await world.settled(counter.increment())
    if (ownerAndOther(world, tableId('counter', name))[0].host !== host) return counter
  }
}

test('a call has one effect, though its part is stopped before it is repeated', async () => {
  await using world = await DataWorld.of('a b c d', { idleTimeoutMs: 200 })
  const counter = await counterFarFrom(world, 'd')
  await world.until(() => partsOf(world) === 0, 5_000)
  for (const host of ['a', 'b', 'c']) {
    const [from, to] = [world.node(host).address, world.node('d').address]
    world.network.cut(from, to, { mode: 'hold', oneWay: true })
  }
  const incremented = counter.increment(1, { timeoutMs: 30_000 })
  let stops = 0
  for (let waited = 0; waited < 150; waited++) {
    const before = partsOf(world)
    // eslint-disable-next-line no-await-in-loop -- Step by step.
    await world.settle(100)
    if (partsOf(world) < before) stops += 1
  }
  expect(stops).toBeGreaterThan(1)
  world.network.heal()
  expect(await world.settled(incremented)).toBe(2)
  expect(await world.settled(counter.get())).toBe(2)
})
