import { expect, test } from 'vitest'
import type { StandardSchema } from '@casty/ddata'
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

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as StandardSchema<never>

test.each([
  ['without a schema', {}],
  ['with schemas', { value: anything }],
] as const)('has calls take effect in the order in which they are made, %s', async (_, schemas) => {
  await using world = await DataWorld.of('a b')
  const map = world.on('a').map<string, number>('m', { shards: 4, ...schemas })
  const set = world.on('a').set<string>('s', { shards: 4, ...schemas })
  const queue = world.on('a').queue<string>('q', { ...schemas })
  await world.settled(Promise.all([map.size(), set.size(), queue.size()]))
  const calls = [
    map.put('k', 1),
    map.get('k'),
    map.replace('k', 1, 2),
    map.putMany([['k', 3]]),
    map.getAndDelete('k'),
    map.contains('k'),
    set.add('m'),
    set.contains('m'),
    set.addMany(['n']),
    set.contains('n'),
    queue.enqueue('first'),
    queue.dequeue(),
    queue.enqueueMany(['second']),
    queue.dequeue(),
  ]
  const ofMap = [undefined, 1, true, undefined, 3, false]
  const ofSet = [true, true, 1, true]
  const ofQueue = [{ deduplicated: false }, 'first', undefined, 'second']
  const expected = [...ofMap, ...ofSet, ...ofQueue]
  expect(await world.settled(Promise.all<unknown>(calls))).toMatchObject(expected)
})

test('takes values once a schema that takes its time has checked them, and tells of those that it refuses', async () => {
  await using world = await DataWorld.of('a b')
  const key = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value: unknown) =>
        await Promise.resolve(
          value === 'bad' ? { issues: [{ message: 'it is bad' }] } : { value: `${value}!` },
        ),
    },
  } as StandardSchema<string>
  const map = world.on('a').map<string, number>('m', { shards: 4, key })
  const plain = world.on('b').map<string, number>('m', { shards: 4 })
  await world.settled(map.putMany([['one', 1], ['two', 2], ['three', 3]])) // prettier-ignore
  expect(await world.settled(plain.getMany(['one!', 'two!', 'three!']))).toEqual(
    new Map([['one!', 1], ['two!', 2], ['three!', 3]]), // prettier-ignore
  )
  for (const call of [
    () => map.put('bad', 1),
    () =>
      map.putMany([
        ['ok', 1],
        ['bad', 1],
      ]),
  ]) {
    // prettier-ignore
    await expect(world.settled<unknown>(call())).rejects.toMatchObject({ code: 'CASTY_DDATA_VALIDATION' })
  }
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

test('tells watchers what changed at another owner before they came to it', async () => {
  await using world = await DataWorld.of('a b c d')
  const options = { shards: 1, timeoutMs: 20_000 }
  const on = (host: string) => world.on(host).map<string, number>('m', options)
  await world.settled(on('a').size())
  const owner = world.nodes.find(({ sharding }) => {
    const region = sharding.startProxy({ name: 'casty:ddata', numShards: 256 })
    return region.explain(region.shardOf('map/0/m')).stage === 'running'
  })
  const [writer = '', watcher = ''] = world.nodes
    .map(({ host }) => host)
    .filter((host) => host !== owner?.host)
  const seen: unknown[] = []
  void (async () => {
    for await (const event of on(watcher).watch()) seen.push(event)
  })()
  await world.settle()
  await world.settled(on(writer).put('k', 1))
  await world.until(() => seen.length === 1)
  await world.kill(owner?.host ?? '')
  await world.settled(on(writer).put('k', 2))
  await world.settled(on(writer).delete('k'))
  await world.until(() => seen.length >= 3)
  expect(seen).toEqual([
    { type: 'put', key: 'k', value: 1, previous: undefined, version: 1 },
    { type: 'put', key: 'k', value: 2, previous: 1, version: 2 },
    { type: 'delete', key: 'k', previous: 2, version: 3 },
  ])
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

test('says of maxEntries what its users said, and not what is the share of a part', async () => {
  await using world = await DataWorld.of('a b')
  await world.settled(world.on('a').map('m', { shards: 4, maxEntries: 20 }).set('k', 1))
  const other = world.on('b').map('m', { shards: 4 })
  await expect(world.settled(other.set('k', 1))).rejects.toMatchObject({
    message: expect.stringContaining('Map m has maxEntries 20, not none. '),
    existing: 20,
    requested: undefined,
  })
})
