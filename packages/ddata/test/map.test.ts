import { expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

test('keeps what was put, for all nodes', async () => {
  await using world = await DataWorld.of('a b c')
  const map = world.on('a').map<string, number>('m', { shards: 4 })
  expect(await world.settled(map.put('k', 1))).toBeUndefined()
  expect(await world.settled(world.on('b').map('m', { shards: 4 }).put('k', 2))).toBe(1)
  expect(await world.settled(map.get('k'))).toBe(2)
  expect(await world.settled(map.size())).toBe(1)
  await expect(world.settled(world.on('c').map('m', { shards: 5 }).get('k'))).rejects.toMatchObject(
    { code: 'CASTY_DDATA_CONFIG_MISMATCH', field: 'shards', existing: 4, requested: 5 },
  )
})

test('scans every entry once', async () => {
  await using world = await DataWorld.of('a b c')
  const map = world.on('a').map<number, number>('m', { shards: 4 })
  const entries = Array.from({ length: 50 }, (_, index) => [index, index * index] as const)
  await world.settled(map.putMany(entries))
  const found = await world.settled(
    (async () => {
      const all: (readonly [number, number])[] = []
      for await (const entry of map.entries({ batch: 3 })) all.push(entry)
      return all
    })(),
  )
  expect(found.toSorted(([left], [right]) => left - right)).toEqual(entries)
})

test('tells watchers of changes, and that some were missed', async () => {
  await using world = await DataWorld.of('a b c d')
  const map = world.on('a').map<string, number>('m', { shards: 4, timeoutMs: 20_000 })
  const seen: unknown[] = []
  const watching = (async () => {
    for await (const event of world.on('b').map<string, number>('m', { shards: 4 }).watch()) {
      seen.push(event)
    }
  })()
  await world.settle()
  await world.settled(map.put('k', 1))
  await world.settled(map.delete('k'))
  await world.until(() => seen.length === 2)
  expect(seen).toEqual([
    { type: 'put', key: 'k', value: 1, previous: undefined, version: 1 },
    { type: 'delete', key: 'k', previous: 1, version: 2 },
  ])
  void watching
})

test('a map with a limit keeps what is used, whichever node keeps it', async () => {
  await using world = await DataWorld.of('a b c')
  const on = (host: string) =>
    world.on(host).map<string, number>('cache', { shards: 1, maxEntries: 3 })
  for (const key of ['one', 'two', 'three']) await world.settled(on('a').set(key, 1))
  await world.settled(on('b').get('one'))
  await world.settled(on('a').set('four', 1))
  const keys = async (host: string): Promise<string[]> => {
    const all: string[] = []
    for await (const key of on(host).keys()) all.push(key)
    return all
  }
  expect(await world.settled(keys('c'))).toEqual(['one', 'three', 'four'])
  await world.settled(on('b').get('three'))
  await world.kill('a')
  await world.settled(on('b').get('one'))
  await world.settled(on('c').set('five', 1))
  await world.settled(on('c').set('six', 1))
  expect(await world.settled(keys('b'))).toEqual(expect.arrayContaining(['one', 'five', 'six']))
})
