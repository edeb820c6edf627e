import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test('counts', async () => {
  await using world = await DataWorld.of('a b c')
  const visits = world.on('a').counter('visits')
  const [first, second] = [visits.increment(100), visits.decrement(10)]
  expect(await world.settled(first)).toBe(100)
  expect(await world.settled(second)).toBe(90)
  expect(await world.settled(world.on('b').counter('visits').get())).toBe(90)
})

test('is kept where the node that had it is lost', async () => {
  await using world = await DataWorld.of('a b c d')
  const names = Array.from({ length: 20 }, (_, index) => `counter ${index}`)
  for (const name of names) await world.settled(world.on('a').counter(name).increment(7))
  await world.kill('d')
  const again = names.map((name) => world.on('a').counter(name, { timeoutMs: 20_000 }).increment())
  expect(await world.settled(Promise.all(again))).toEqual(names.map(() => 8))
})

test('counts on a node alone, as majorities of one do', async () => {
  await using world = await DataWorld.of('a')
  expect(await world.settled(world.on('a').counter('visits').increment())).toBe(1)
})

test('answers nothing where fewer nodes have it than was asked for', async () => {
  await using world = await DataWorld.of('a', { replication: { copies: 2, ack: 2 } })
  await expect(
    world.settled(world.on('a').counter('visits', { timeoutMs: 10_000 }).increment()),
  ).rejects.toMatchObject({ code: 'CASTY_DDATA_UNAVAILABLE', applied: 'unknown' })
})

test('tells who watches of its value, also after the node that has it is lost', async () => {
  await using world = await DataWorld.of('a b c')
  const limit = { timeoutMs: 20_000 }
  const seen: number[] = []
  const watching = (async () => {
    for await (const value of world.on('a').counter('visits', limit).watch()) {
      seen.push(value)
      if (value === 3) return
    }
  })()
  const counter = world.on('a').counter('visits', limit)
  await world.settled(counter.increment())
  await world.settled(counter.increment())
  await world.until(() => seen.at(-1) === 2)
  await world.kill('c')
  await world.settled(counter.increment())
  await world.settled(watching)
  expect(seen.toSorted((left, right) => left - right)).toEqual(seen)
})
