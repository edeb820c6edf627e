// What is written down is saved anew before it takes much more room than what a part holds: however long it is used.
import { describe, expect, test } from 'vitest'
import { DataWorld } from './data-world.ts'

const hosts = ['a', 'b', 'c'] as const

function statistics(
  world: DataWorld,
): readonly { readonly copyBytes: number; readonly noRoom: number }[] {
  return hosts.map((host) => {
    const { replication } = world.region(host).statistics()
    if (!replication) throw new Error(`${host} keeps no copies`)
    return replication
  })
}

test('what is written over and over fits into the room for what is there', async () => {
  const maxCopyBytes = 700_000
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes } })
  const map = world.on('a').map<number, string>('prices', { shards: 2 })
  const value = 'x'.repeat(1_000)
  for (let round = 0; round < 60; round++) {
    const entries = Array.from({ length: 50 }, (_, key) => [key, `${value}${round}`] as const)
    // eslint-disable-next-line no-await-in-loop -- One after the other.
    await world.settled(map.putMany(entries))
  }
  for (const { copyBytes, noRoom } of statistics(world)) {
    expect(copyBytes).toBeLessThan(maxCopyBytes)
    expect(noRoom).toBe(0)
  }
})

test('what is written over and over fits into it with much under way at any time', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 24_000_000 } })
  const map = world.on('a').map<number, string>('pages', { shards: 1 })
  const value = 'x'.repeat(20_000)
  const writer = async (key: number): Promise<void> => {
    for (let round = 0; round < 30; round++) {
      // eslint-disable-next-line no-await-in-loop -- One after the other.
      await map.put(key, `${value}${round}`)
    }
  }
  await world.settled(Promise.all(Array.from({ length: 40 }, async (_, key) => await writer(key))))
  for (const { noRoom } of statistics(world)) expect(noRoom).toBe(0)
  expect(await world.settled(map.get(39))).toBe(`${value}29`)
})

test('a part that nobody uses any more takes no more room than what it holds', async () => {
  await using world = await DataWorld.of('a b c', { idleTimeoutMs: 5_000 })
  const counter = world.on('a').counter('visits')
  for (let count = 1; count <= 60; count++) {
    // eslint-disable-next-line no-await-in-loop -- Each is a record of its own.
    expect(await world.settled(counter.increment())).toBe(count)
  }
  const before = statistics(world).map(({ copyBytes }) => copyBytes)
  await world.settle(60_000)
  const after = statistics(world).map(({ copyBytes }) => copyBytes)
  for (const [index, bytes] of after.entries()) expect(bytes).toBeLessThan((before[index] ?? 0) / 3)
  expect(await world.settled(counter.increment())).toBe(61)
})

test('where there is no room, calls fail with why', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 40_000 } })
  const map = world.on('a').map<number, string>('prices', { shards: 1 })
  const put = async (): Promise<void> => {
    for (let key = 0; key < 100; key++) {
      // eslint-disable-next-line no-await-in-loop -- Until it is full.
      await map.put(key, 'x'.repeat(2_000))
    }
  }
  await expect(world.settled(put(), 60_000)).rejects.toMatchObject({
    code: 'CASTY_DDATA_UNAVAILABLE',
    message: expect.stringMatching(/maxCopyBytes.*Whether it had an effect before is not known\.$/),
    applied: 'unknown',
  })
  // It failed again and again; who looks after the node hears of it once.
  expect(world.errors).toEqual([expect.stringContaining('of which those are told')])
})

test('where there is no room left, parts let go of what they can, and go on', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 500_000 } })
  const map = world.on('a').map<number, number>('counts', { shards: 64 })
  const keys = Array.from({ length: 256 }, (_, key) => key)
  const rounds = 60
  for (let round = 1; round <= rounds; round++) {
    // eslint-disable-next-line no-await-in-loop -- Records of their own, which fill the room long before any of them is saved.
    await world.settled(Promise.all(keys.map(async (key) => await map.put(key, round))))
  }
  const values = await world.settled(map.getMany(keys))
  expect(new Set(values.values())).toEqual(new Set([rounds]))
})

test('what many parts could not save to its end when there was no room is in the way of none', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 2_000_000 } })
  const maps = Array.from({ length: 40 }, (_, index) =>
    world.on('a').map<number, string>(`map ${index}`, { shards: 1 }),
  )
  const put = async (key: number, value: string): Promise<number> => {
    const outcomes = await Promise.allSettled(maps.map(async (map) => await map.put(key, value)))
    return outcomes.filter(({ status }) => status === 'rejected').length
  }
  const round = async (): Promise<number> => {
    let failed = 0
    for (let key = 0; key < 4; key++) {
      // eslint-disable-next-line no-await-in-loop -- One after the other.
      failed += await world.settled(put(key, 'x'.repeat(5_000)), 60_000)
    }
    return failed
  }
  for (let rounds = 0; rounds < 12; rounds++) {
    // eslint-disable-next-line no-await-in-loop -- The same.
    await round()
  }
  expect(statistics(world).some(({ noRoom }) => noRoom > 0)).toBe(true)
  await world.settle(60_000)
  expect(await world.settled(put(0, 'y'), 60_000)).toBe(0)
})

test('a lock that is waited for without end is given up where its part has no room, whatever else is asked of it', async () => {
  await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 60 } })
  const lock = world.on('a').lock('l')
  const acquired = Promise.allSettled([lock.acquire()])
  const looks: Promise<unknown>[] = []
  for (let passedMs = 0; passedMs < 8_000; passedMs += 300) {
    looks.push(Promise.allSettled([lock.holder()]))
    await world.settle(300)
  }
  const [outcome] = await world.settled(acquired, 1)
  expect(outcome).toMatchObject({ reason: { code: 'CASTY_DDATA_UNAVAILABLE' } })
  await world.settled(Promise.all(looks))
})

describe('who has filled the room', () => {
  /** Until there is no room, so many at once. @returns how many were taken */
  async function fill(
    world: DataWorld,
    add: (index: number) => Promise<unknown>,
    atOnce = 16,
  ): Promise<number> {
    let taken = 0
    for (;;) {
      const adds = Array.from({ length: atOnce }, async (_, index) => await add(taken + index))
      // eslint-disable-next-line no-await-in-loop -- One after the other.
      const outcomes = await world.settled(Promise.allSettled(adds), 60_000)
      taken += outcomes.length
      if (outcomes.some(({ status }) => status === 'rejected')) return taken
    }
  }

  test.each([500, 2_000, 20_000])(
    'can empty a map of values of %i bytes, and fill another',
    async (size) => {
      await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 3_000_000 } })
      const [first, second] = [
        world.on('a').map<number, string>('first'),
        world.on('b').map<number, string>('second'),
      ]
      const fillMap = async (map: typeof first): Promise<number> => {
        const atOnce = Math.min(16, 40_000 / size) // Little of the room is under way.
        return await fill(world, async (key) => await map.put(key, 'x'.repeat(size)), atOnce)
      }
      const count = await fillMap(first)
      const keys = Array.from({ length: count }, (_, key) => key)
      for (let from = 0; from < count; from += 16) {
        const deletes = keys.slice(from, from + 16).map(async (key) => await first.delete(key))
        // eslint-disable-next-line no-await-in-loop -- One after the other.
        await world.settled(Promise.all(deletes), 60_000)
      }
      expect(await world.settled(first.size())).toBe(0)
      expect(await fillMap(second)).toBeGreaterThan(count * 0.6)
      await world.settled(second.clear(), 60_000)
      expect(await fillMap(first)).toBeGreaterThan(count * 0.6)
    },
  )

  test.each([20, 2_000])(
    'can empty a queue of values of %i bytes, and fill it again',
    async (size) => {
      await using world = await DataWorld.of('a b c', { replication: { maxCopyBytes: 1_000_000 } })
      const queue = world.on('a').queue<string>('work')
      const enqueue = async (): Promise<unknown> => await queue.enqueue('x'.repeat(size))
      const empty = async (): Promise<number> => {
        for (let count = 0; ; count++) {
          // eslint-disable-next-line no-await-in-loop -- One after the other.
          const delivery = await world.settled(queue.reserve({ waitMs: 0 }), 60_000)
          if (!delivery) return count
          // eslint-disable-next-line no-await-in-loop -- The same.
          await world.settled(delivery.ack(), 60_000)
        }
      }
      const count = await fill(world, enqueue)
      expect(await empty()).toBeGreaterThanOrEqual(count - 16)
      expect(await fill(world, enqueue)).toBeGreaterThan(count * 0.6)
      await empty()
      expect(await world.settled(queue.size())).toBe(0)
    },
  )
})
