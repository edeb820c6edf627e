import { gCounter, modifiedBy, orSet } from '@casty/crdt'
import { describe, expect, test } from 'vitest'
import {
  Replicator,
  memoryStore,
  replicatedKey,
  type ReplicaStore,
  type ReplicatorOptions,
} from '../src/index.ts'
import { ReplicatorWorld } from './replicator-world.ts'

const tags = replicatedKey('tags', orSet<string>())
const hits = replicatedKey('hits', gCounter())

async function restored(
  world: ReplicatorWorld,
  store: ReplicaStore,
  options: Partial<ReplicatorOptions> & {
    readonly isKept?: (key: string) => boolean
    readonly host?: string
  } = {},
): Promise<Replicator> {
  const { host = 'a', ...rest } = options
  world.at(host)[Symbol.dispose]()
  const { clock } = world
  return await Replicator.restore({ cluster: world.cluster(host), clock, store, ...rest })
}

describe('values that are kept', () => {
  test('are there when their node starts again, with all others gone', async () => {
    await using world = await ReplicatorWorld.of('a')
    const store = memoryStore()
    using first = await restored(world, store)
    await first.update(tags, (set, me) => set.add(me, 'x').add(me, 'y'))
    await first.update(tags, (set) => set.remove('x'))
    first[Symbol.dispose]()
    using second = await restored(world, store)
    expect(second.local(tags).value).toEqual(['y'])
    expect(second.metrics().staleValues).toBe(0)
  })

  test('are those that were asked for', async () => {
    await using world = await ReplicatorWorld.of('a')
    const store = memoryStore()
    using first = await restored(world, store, { isKept: (key) => key === 'tags' })
    await first.update(tags, (set, me) => set.add(me, 'x'))
    await first.update(hits, (counter, me) => counter.increment(me))
    first[Symbol.dispose]()
    using second = await restored(world, store)
    expect([second.local(tags).size, second.local(hits).value]).toEqual([1, 0])
  })

  test('are confirmed once they are kept, several changes by one save', async () => {
    await using world = await ReplicatorWorld.of('a')
    const saves: string[][] = []
    const opened: (() => void)[] = []
    const store: ReplicaStore = {
      load: async () => await Promise.resolve(undefined),
      save: async (values) => {
        saves.push(values.map(({ key }) => key))
        await new Promise<void>((resolve) => opened.push(resolve))
      },
    }
    using replicator = await restored(world, store)
    const confirmed: string[] = []
    const note = (what: string) => () => void confirmed.push(what)
    const calls = [
      replicator.update(tags, (set, me) => set.add(me, 'x')).then(note('first')),
      replicator.update(tags, (set, me) => set.add(me, 'y')).then(note('second')),
      replicator.update(hits, (counter, me) => counter.increment(me)).then(note('third')),
    ]
    await world.advance(10)
    expect([saves, confirmed]).toEqual([[['tags']], []])
    opened[0]?.()
    await world.advance(10)
    expect(saves).toEqual([['tags'], ['tags', 'hits']])
    opened[1]?.()
    await Promise.all(calls)
    expect(confirmed.toSorted()).toEqual(['first', 'second', 'third'])
  })

  test('are being saved until the replicator says that it has ended', async () => {
    await using world = await ReplicatorWorld.of('a')
    const opened: (() => void)[] = []
    const store: ReplicaStore = {
      load: async () => await Promise.resolve(undefined),
      save: async () => {
        await new Promise<void>((resolve) => opened.push(resolve))
      },
    }
    const replicator = await restored(world, store)
    const call = replicator.update(tags, (set, me) => set.add(me, 'x'))
    const failed = expect(call).rejects.toMatchObject({ code: 'CASTY_REPLICATOR_STOPPED' })
    await world.cluster('a').shutdown()
    await failed
    let hasEnded = false
    const ended = replicator[Symbol.asyncDispose]().then(() => (hasEnded = true))
    await world.advance(10)
    expect([hasEnded, opened]).toEqual([false, [expect.any(Function)]])
    opened[0]?.()
    await ended
    expect(opened).toHaveLength(1)
  })

  test('are not taken up by a node that ended meanwhile, and nothing of it stays open', async () => {
    await using world = await ReplicatorWorld.of('a b')
    const opened: (() => void)[] = []
    const kept = memoryStore()
    await kept.save([], world.clock.wallNow())
    const store: ReplicaStore = {
      ...kept,
      load: async () => {
        await new Promise<void>((resolve) => opened.push(resolve))
        return await kept.load()
      },
    }
    const restoring = restored(world, store)
    const failed = expect(restoring).rejects.toMatchObject({ code: 'CASTY_REPLICATOR_STOPPED' })
    await world.cluster('a').shutdown()
    await world.advance(0)
    const timers = world.clock.pendingTimers
    opened[0]?.()
    await failed
    expect(world.clock.pendingTimers).toBe(timers)
  })

  test('of a node that has another replicator still are left alone, and nothing of this one stays open', async () => {
    await using world = await ReplicatorWorld.of('a')
    const timers = world.clock.pendingTimers
    const { clock } = world
    const second = Replicator.restore({ cluster: world.cluster('a'), clock, store: memoryStore() })
    await expect(second).rejects.toMatchObject({ code: 'CASTY_TRANSPORT_INVALID_OPTION' })
    expect(clock.pendingTimers).toBe(timers)
  })

  test('that the store could not keep fail their calls, and are kept later', async () => {
    await using world = await ReplicatorWorld.of('a')
    const errors: unknown[] = []
    const kept = memoryStore()
    let isBroken = true
    const store: ReplicaStore = {
      load: async () => await kept.load(),
      save: async (values, savedAtMs) => {
        if (isBroken) throw new Error('disk full')
        await kept.save(values, savedAtMs)
      },
    }
    using replicator = await restored(world, store, { onError: (error) => errors.push(error) })
    await expect(replicator.update(tags, (set, me) => set.add(me, 'x'))).rejects.toMatchObject({
      code: 'CASTY_REPLICATOR_NOT_KEPT',
      cause: { message: 'disk full' },
    })
    expect(replicator.local(tags).value).toEqual(['x'])
    expect(errors).toHaveLength(1)
    isBroken = false
    await world.advance(2_000)
    replicator[Symbol.dispose]()
    using second = await restored(world, store)
    expect(second.local(tags).value).toEqual(['x'])
  })

  test('for too long are not taken up: what was removed meanwhile may be forgotten', async () => {
    await using world = await ReplicatorWorld.of('a')
    const store = memoryStore()
    using first = await restored(world, store)
    await first.update(tags, (set, me) => set.add(me, 'z'))
    first[Symbol.dispose]()
    await world.advance(6 * 3_600_000 + 1)
    using second = await restored(world, store)
    expect(second.local(tags).value).toEqual([])
    expect(second.metrics().staleValues).toBe(1)
  })

  test('by a node that lives are never too old, though nothing changes', async () => {
    await using world = await ReplicatorWorld.of('a')
    const store = memoryStore()
    using first = await restored(world, store)
    await first.update(tags, (set, me) => set.add(me, 'z'))
    await world.advance(8 * 3_600_000)
    first[Symbol.dispose]()
    using second = await restored(world, store)
    expect(second.local(tags).value).toEqual(['z'])
  })

  test('here and there confirm a change together', async () => {
    await using world = await ReplicatorWorld.of('a b')
    const store: ReplicaStore = {
      load: async () => await Promise.resolve(undefined),
      save: async () => await Promise.reject(new Error('disk full')),
    }
    using _replicator = await restored(world, store)
    await world.until(() => world.at('b').explain().nodes.length === 1)
    const outcome = await world.awaited(
      world.at('b').update(tags, (set, me) => set.add(me, 'x'), { write: 'all', timeoutMs: 500 }),
    )
    expect(outcome).toMatchObject({ type: 'unconfirmed', nodes: 1 })
  })

  test('by a node while nobody heard it are there when it comes back, however long its name is gone', async () => {
    await using world = await ReplicatorWorld.of('a b')
    const times = { pruningDelayMs: 1_000, pruningMarkerMs: 600_000 }
    const store = memoryStore()
    using here = await restored(world, memoryStore(), times)
    using there = await restored(world, store, { ...times, host: 'b' })
    await world.until(() => here.explain().nodes.length === 1)
    await there.update(tags, (set, me) => set.add(me, 'heard'))
    await there.update(hits, (counter, me) => counter.increment(me))
    await world.until(() => here.local(hits).value === 1)
    const gap = world.cut('b')
    await there.update(tags, (set, me) => set.remove('heard').add(me, 'kept'))
    await there.update(hits, (counter, me) => counter.increment(me))
    there[Symbol.dispose]()
    await world.killAndDown('b')
    gap[Symbol.dispose]()
    await world.advance(590_000)
    expect([here.local(tags).value, here.local(hits).value]).toEqual([['heard'], 1])
    await world.start('b')
    using back = await restored(world, store, { ...times, host: 'b' })
    await world.until(() => here.explain().nodes.length === 1)
    await world.advance(10_000)
    expect([here.local(tags).value, here.local(hits).value]).toEqual([['kept'], 2])
    expect([back.local(tags).value, back.local(hits).value]).toEqual([['kept'], 2])
  })

  test('lose the names of those who are gone once nobody can come back with what they said', async () => {
    await using world = await ReplicatorWorld.of('a b')
    const times = { pruningDelayMs: 1_000, pruningMarkerMs: 60_000 }
    using here = await restored(world, memoryStore(), { ...times, isKept: (key) => key === 'tags' })
    const { key } = world.cluster('b').self
    await world.at('b').update(tags, (set, me) => set.add(me, 'x'))
    await world.at('b').update(hits, (counter, me) => counter.increment(me))
    await world.until(() => here.local(hits).value === 1 && here.local(tags).has('x'))
    await world.killAndDown('b')
    await world.advance(50_000)
    expect(modifiedBy(here.local(tags))).toEqual([key])
    expect(modifiedBy(here.local(hits))).toEqual([world.cluster('a').self.key])
    await world.advance(30_000)
    expect(modifiedBy(here.local(tags))).toEqual([world.cluster('a').self.key])
  })
})
