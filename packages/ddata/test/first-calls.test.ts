// What is called before all are known to have the same options: it waits for that, and has its own time and signal.
import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test('leave in the order in which they are made, also where one is made in the turn of the agreement', async () => {
  await using world = await DataWorld.of('a')
  const counter = world.on('a').counter('c')
  const map = world.on('a').map<string, number>('m', { shards: 1 })
  await world.settled(counter.increment())
  const last = counter.increment().then(async () => await map.put('k', 2))
  const first = map.put('k', 1)
  expect(await world.settled(Promise.all([first, last]))).toEqual([undefined, 1])
  expect(await world.settled(map.get('k'))).toBe(2)
})

test('leave in the order in which they are made, whichever handle they are made on', async () => {
  await using world = await DataWorld.of('a')
  const [left, right] = [
    world.on('a').map('m', { shards: 1 }),
    world.on('a').map('m', { shards: 1 }),
  ]
  const calls = [left.put('k', 1), right.put('k', 2), left.put('k', 3), right.put('k', 4)]
  expect(await world.settled(Promise.all(calls))).toEqual([undefined, 1, 2, 3])
})

test('are not made where they are aborted before', async () => {
  await using world = await DataWorld.of('a b')
  const map = world.on('a').map<string, number>('m')
  const controller = new AbortController()
  const first = map.put('k', 1, { signal: controller.signal })
  const second = map.get('k')
  controller.abort()
  await expect(first).rejects.toMatchObject({ code: 'CASTY_DDATA_ABORTED', applied: 'no' })
  expect(await world.settled(second)).toBeUndefined()
})

test('end each in its own time, and take nobody along', async () => {
  await using world = await DataWorld.of('a b c')
  const { address } = world.node('a')
  const others = [world.node('b').address, world.node('c').address]
  world.network.partition([address], others)
  const begun = world.clock.now()
  const took = async (call: Promise<unknown>): Promise<number> => {
    await call.catch(() => {})
    return world.clock.now() - begun
  }
  const maps = Array.from({ length: 6 }, (_, at) => world.on('a').map<string, number>(`m${at}`))
  const calls = maps.map((map) => {
    const short = took(map.put('k', 1, { timeoutMs: 1_000 }))
    const long = map.put('l', 2, { timeoutMs: 60_000 })
    return { short, long, shorter: took(map.get('k', { timeoutMs: 500 })) }
  })
  const shorter = Promise.all(calls.map(async (call) => await call.shorter))
  expect(Math.max(...(await world.settled(shorter)))).toBeLessThanOrEqual(510)
  const short = Promise.all(calls.map(async (call) => await call.short))
  expect(Math.max(...(await world.settled(short)))).toBeLessThanOrEqual(1_010)
  world.network.heal()
  const long = await world.settled(Promise.all(calls.map(async (call) => await call.long)))
  expect(long).toEqual(maps.map(() => undefined))
})
