// Watches that begin while something is lost on the way.
import { expect, test } from 'vitest'
import { tableId, type Kind } from '../src/kinds/kind.ts'
import { DataWorld, type DataNode } from './data-world.ts'
import { ownerAndOther } from './owners.ts'

/** What is sent between them for a moment is lost. */
async function lost(world: DataWorld, nodes: readonly [DataNode, DataNode]): Promise<void> {
  const [one, other] = nodes
  world.network.partition([one.address], [other.address])
  await world.settle(20)
  world.network.heal()
}

async function follow<T>(changes: AsyncIterable<T>, seen: T[]): Promise<void> {
  for await (const change of changes) seen.push(change)
}

test('a watch of a map that began late says that changes may be missed', async () => {
  await using world = await DataWorld.of('a b')
  const mapOn = (host: string) => world.on(host).map<string, number>('m', { shards: 1 })
  for (const host of ['a', 'b']) await world.settled(mapOn(host).put('k', 0))
  const [owner, other] = ownerAndOther(world, 'map/0/m')
  const seen: unknown[] = []
  void follow(mapOn(other.host).watch(), seen)
  await lost(world, [owner, other])
  await world.settled(mapOn(owner.host).put('k', 1))
  await world.until(() => seen.length > 0, 5_000)
  await world.settled(mapOn(owner.host).put('k', 2))
  await world.until(() => seen.length > 1)
  expect(seen).toMatchObject([{ type: 'resync' }, { type: 'put', value: 2, previous: 1 }])
})

test('a watch of a counter is told of what changes in the turn in which it learns its value', async () => {
  await using world = await DataWorld.of('a b')
  const counter = world.on('a').counter('visits')
  const watch = counter.watch()
  const first = watch.next()
  const changed = [counter.increment(), counter.increment()]
  await world.settled(Promise.all(changed))
  const told: unknown[] = [(await world.settled(first)).value]
  while (told.at(-1) !== 2) told.push((await world.settled(watch.next())).value)
  expect(told).toEqual([0, 1, 2])
  await watch.return()
})

test('a watch of a counter that waits for its next value is left at once', async () => {
  await using world = await DataWorld.of('a b')
  const watch = world.on('b').counter('visits').watch()
  expect(await world.settled(watch.next())).toMatchObject({ value: 0 })
  const next = watch.next()
  await world.settled(watch.return())
  expect(await next).toEqual({ done: true, value: undefined })
})

test('a watch of a counter comes to its last value, also where it began late', async () => {
  await using world = await DataWorld.of('a b')
  const on = (host: string) => world.on(host).counter('visits')
  for (const host of ['a', 'b']) await world.settled(on(host).increment())
  const [owner, other] = ownerAndOther(world, tableId('counter' satisfies Kind, 'visits'))
  const seen: number[] = []
  void follow(on(other.host).watch(), seen)
  await lost(world, [owner, other])
  await world.until(() => seen.at(-1) === 2)
  await world.settled(on(owner.host).increment())
  await world.until(() => seen.at(-1) === 3, 5_000)
  expect(seen.toSorted((left, right) => left - right)).toEqual(seen)
})

test('a watch that began in time, where nothing was changed before, is told of changes alone', async () => {
  await using world = await DataWorld.of('a b')
  const seen: unknown[] = []
  void follow(world.on('b').map<string, number>('m', { shards: 1 }).watch(), seen)
  await world.settled(world.on('a').map<string, number>('m', { shards: 1 }).put('k', 1))
  await world.settle(5_000)
  expect(seen).toMatchObject([{ type: 'put', key: 'k', value: 1 }])
})

test('a watch may begin with what is there, and misses nothing that changes meanwhile', async () => {
  await using world = await DataWorld.of('a b')
  const mapOn = (host: string) => world.on(host).map<string, number>('m', { shards: 4 })
  const names = Array.from({ length: 20 }, (_, index) => `k${index}`)
  await world.settled(mapOn('a').putMany(names.map((name) => [name, 0])))
  const held = new Map<string, number>()
  const versions = new Map<string, number>()
  void (async () => {
    for await (const event of mapOn('b').watch({ initial: true })) {
      if (event.type !== 'put') throw new Error(`Nobody expects ${event.type}`)
      held.set(event.key, event.value)
      versions.set(event.key, event.version)
    }
  })()
  const writes = names.map(async (name, index) => await mapOn('a').put(name, index + 1))
  await world.settled(Promise.all(writes))
  await world.until(() => names.every((name, index) => held.get(name) === index + 1))
  expect(held.size).toBe(20)
  for (const name of names) {
    const entry = await world.settled(mapOn('a').getEntry(name))
    expect(versions.get(name)).toBe(entry?.version)
  }
})

test('a watch of some keys begins with those of them that are there', async () => {
  await using world = await DataWorld.of('a b')
  const map = world.on('a').map<string, number>('m', { shards: 4 })
  await world.settled(map.putMany([['k', 1], ['l', 2]])) // prettier-ignore
  const seen: unknown[] = []
  void follow(map.watch({ initial: true, keys: ['k', 'none'] }), seen)
  await world.until(() => seen.length === 1)
  await world.settled(Promise.all([map.put('l', 3), map.put('none', 4), map.delete('k')]))
  await world.until(() => seen.length === 3)
  expect(seen[0]).toMatchObject({ type: 'put', key: 'k', value: 1, previous: undefined })
  // Those of one key are in order; keys of two parts are in none.
  expect(seen).toContainEqual(expect.objectContaining({ type: 'put', key: 'none', value: 4 }))
  expect(seen).toContainEqual(expect.objectContaining({ type: 'delete', key: 'k', previous: 1 }))
  expect(() => map.watch({ initial: 1 as never })).toThrow('options.initial')
})

test.each([false, true])(
  'a watch with what is there, or without (%s), ends while several wait for what is next',
  async (initial) => {
    await using world = await DataWorld.of('a')
    const map = world.on('a').map<string, number>('m', { shards: 4 })
    await world.settled(map.put('k', 0))
    const events = map.watch({ initial })
    const told = events.next()
    if (!initial) await world.settled(map.put('k', 1))
    expect(await world.settled(told)).toMatchObject({ value: { key: 'k' } })
    const next = [events.next(), events.next(), events.next()]
    await world.settle(20)
    await world.settled(map.put('k', 2))
    expect(await world.settled(next[0] ?? told)).toMatchObject({ value: { value: 2 } })
    expect(await world.settled(events.return?.() ?? told)).toMatchObject({ done: true })
    const rest = await world.settled(Promise.all(next.slice(1)))
    expect(rest).toEqual([{ value: undefined, done: true }, { value: undefined, done: true }]) // prettier-ignore
  },
)

test('a watch whose first changes were lost on the way says that changes may be missed', async () => {
  await using world = await DataWorld.of('a b', { replication: { copies: 1 } })
  const mapOn = (host: string) => world.on(host).map<string, number>('m', { shards: 1 })
  for (const host of ['a', 'b']) await world.settled(mapOn(host).put('k', 0))
  const [owner, other] = ownerAndOther(world, 'map/0/m')
  const seen: unknown[] = []
  void follow(mapOn(other.host).watch(), seen)
  world.network.drop(owner.address, other.address, { probability: 1 })
  await world.settle(20)
  await world.settled(mapOn(owner.host).put('k', 1))
  await world.settle(20)
  world.network.drop(owner.address, other.address, undefined)
  await world.settled(mapOn(owner.host).put('k', 2))
  await world.until(() => seen.some((event) => (event as { value?: number }).value === 2))
  expect(seen).toMatchObject([{ type: 'resync' }, { type: 'put', value: 2, previous: 1 }])
})

test('a watch of a map with other options than others use it with is refused', async () => {
  await using world = await DataWorld.of('a b')
  await world.settled(world.on('a').map('prices', { shards: 5 }).put('tea', 1))
  const watch = world.on('b').map('prices', { shards: 4 }).watch()
  const next = world.settled(watch.next())
  await expect(next).rejects.toMatchObject({ code: 'CASTY_DDATA_CONFIG_MISMATCH', field: 'shards' })
  expect(await watch.next()).toEqual({ done: true, value: undefined })
})
