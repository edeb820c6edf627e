import { describe, expect, test } from 'vitest'
import {
  gCounter,
  gSet,
  modifiedBy,
  orMap,
  orMultiMap,
  orSet,
  pnCounter,
  type Replica,
} from '@casty/crdt'
import { Replicator, replicatedKey, type Outcome } from '../src/index.ts'
import { ReplicatorWorld } from './replicator-world.ts'

const hits = replicatedKey('hits', pnCounter())
const tags = replicatedKey('tags', orSet<string>())
const seen = replicatedKey('seen', gSet<string>())

const add = (tag: string) => (set: ReturnType<typeof orSet<string>>['empty'], me: Replica) =>
  set.add(me, tag)

describe('a change', () => {
  test('is there at once on its node, and within 50 ms on nine others', async () => {
    await using world = await ReplicatorWorld.of('a b c d e f g h i j')
    const outcome = await world.awaited(world.at('a').update(tags, add('x')))
    expect(outcome).toMatchObject({ type: 'confirmed', nodes: 1 })
    expect(world.at('a').local(tags).value).toEqual(['x'])
    const hosts = 'bcdefghij'.split('')
    const tookMs = await world.until(() =>
      hosts.every((host) => world.at(host).local(tags).has('x')),
    )
    expect(tookMs).toBeLessThanOrEqual(50)
  })

  test('that a majority has confirmed is read by a majority, wherever that asks', async () => {
    await using world = await ReplicatorWorld.of('a b c', { deltaIntervalMs: 10_000 })
    const written = await world.awaited(
      world.at('a').update(seen, (set, me) => set.add(me, 'a'), { write: 'majority' }),
    )
    expect(written).toMatchObject({ type: 'confirmed', nodes: 2 })
    for (const host of ['b', 'c']) {
      const read = await world.awaited(world.at(host).get(seen, { read: 'majority' }))
      expect(read).toMatchObject({ type: 'confirmed' })
      expect(read.value.value).toEqual(['a'])
    }
  })

  test('by one node alone is seen by the others in time, or not yet', async () => {
    await using world = await ReplicatorWorld.of('a b c')
    await world.awaited(world.at('a').update(seen, (set, me) => set.add(me, 'b')))
    expect(world.at('c').local(seen).value).toEqual([])
    await world.until(() => world.at('c').local(seen).has('b'), 100)
  })

  test('is confirmed by all, or by a number of nodes', async () => {
    await using world = await ReplicatorWorld.of('a b c')
    const all = await world.awaited(world.at('a').update(tags, add('x'), { write: 'all' }))
    expect(all).toMatchObject({ type: 'confirmed', nodes: 3 })
    const two = await world.awaited(world.at('a').update(tags, add('y'), { write: { nodes: 2 } }))
    expect(two).toMatchObject({ type: 'confirmed', nodes: 2 })
    const more = await world.awaited(world.at('a').update(tags, add('z'), { write: { nodes: 4 } }))
    expect(more).toMatchObject({ type: 'unconfirmed', nodes: 1, needed: 4 })
  })

  test('is not undone where it is not confirmed, and arrives once the network heals', async () => {
    await using world = await ReplicatorWorld.of('a b c')
    const cut = world.cut('a')
    const outcome = await world.awaited(
      world.at('a').update(tags, add('x'), { write: 'majority', timeoutMs: 500 }),
    )
    expect(outcome).toMatchObject({ type: 'unconfirmed', nodes: 1, needed: 2 })
    expect(world.at('a').metrics().unconfirmed).toBe(1)
    await world.awaited(world.at('b').update(tags, add('y')))
    cut[Symbol.dispose]()
    await world.until(() => ['a', 'b', 'c'].every((host) => world.at(host).local(tags).size === 2))
  })

  test('that throws changes nothing', async () => {
    await using world = await ReplicatorWorld.of('a')
    const failing = world.at('a').update(tags, () => {
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    expect(world.at('a').local(tags).value).toEqual([])
    await world.awaited(world.at('a').update(tags, add('there')))
    const foreign = world.at('a').update(tags, (_, me) => orSet<string>().empty.add(me, 'x'))
    await expect(foreign).rejects.toMatchObject({ code: 'CASTY_CRDT_FOREIGN_VALUE' })
    expect(world.at('a').local(tags).value).toEqual(['there'])
  })

  test('on both sides of a cut is kept', async () => {
    await using world = await ReplicatorWorld.of('a b')
    const cut = world.cut('a')
    await world.awaited(world.at('a').update(hits, (counter, me) => counter.increment(me, 3)))
    await world.awaited(world.at('b').update(hits, (counter, me) => counter.increment(me, 4)))
    await world.advance(3_000)
    cut[Symbol.dispose]()
    await world.until(() => ['a', 'b'].every((host) => world.at(host).local(hits).value === 7))
  })

  test('whose delta is lost is repaired by digests', async () => {
    await using world = await ReplicatorWorld.of('a b')
    world.network.drop(world.cluster('a').self.address, world.cluster('b').self.address, {
      probability: 1,
    })
    await world.awaited(world.at('a').update(tags, add('lost')))
    await world.advance(100)
    expect(world.at('b').local(tags).value).toEqual([])
    world.network.heal()
    await world.until(() => world.at('b').local(tags).has('lost'), 10_000)
  })
})

describe('a value', () => {
  test('that was deleted can be used again, and nothing old comes back', async () => {
    await using world = await ReplicatorWorld.of('a b c')
    await world.awaited(world.at('a').update(tags, add('old'), { write: 'all' }))
    const deleted = await world.awaited(world.at('b').delete(tags, { write: 'all' }))
    expect(deleted.value.value).toEqual([])
    await world.until(() => ['a', 'c'].every((host) => world.at(host).local(tags).size === 0))
    await world.awaited(world.at('c').update(tags, add('new'), { write: 'all' }))
    await world.advance(5_000)
    for (const host of ['a', 'b', 'c']) expect(world.at(host).local(tags).value).toEqual(['new'])
  })

  test('keeps what was changed while it was deleted', async () => {
    await using world = await ReplicatorWorld.of('a b')
    await world.awaited(world.at('a').update(tags, add('old'), { write: 'all' }))
    const cut = world.cut('a')
    await world.awaited(world.at('a').delete(tags))
    await world.awaited(world.at('b').update(tags, add('new')))
    cut[Symbol.dispose]()
    await world.until(() =>
      ['a', 'b'].every((host) => world.at(host).local(tags).value.join() === 'new'),
    )
  })

  test('that is empty for long is forgotten, everywhere, and stays so', async () => {
    await using world = await ReplicatorWorld.of('a b', { forgetEmptyAfterMs: 10_000 })
    await world.awaited(world.at('a').update(tags, add('x'), { write: 'all' }))
    await world.awaited(world.at('a').delete(tags, { write: 'all' }))
    expect(world.at('b').metrics().keys).toBe(1)
    await world.advance(15_000)
    expect(['a', 'b'].map((host) => world.at(host).metrics().keys)).toEqual([0, 0])
    await world.awaited(world.at('b').update(tags, add('y'), { write: 'all' }))
    expect(world.at('a').local(tags).value).toEqual(['y'])
  })

  test('comes to a node that joins later', async () => {
    await using world = await ReplicatorWorld.of('a')
    for (let number = 0; number < 300; number++) {
      const key = replicatedKey(`key ${number}`, gCounter())
      await world.awaited(
        world.at('a').update(key, (counter, me) => counter.increment(me, number + 1)),
      )
    }
    await world.start('b')
    await world.allUp()
    const last = replicatedKey('key 299', gCounter())
    await world.until(() => world.at('b').metrics().keys === 300, 5_000)

    expect(world.at('b').local(last).value).toBe(300)
  })

  test('is told to listeners, the present one first', async () => {
    await using world = await ReplicatorWorld.of('a b')
    const heard: string[] = []
    const subscription = world.at('b').subscribe(tags, (set) => heard.push(set.value.join()))
    world.at('b').subscribe(tags, () => {
      throw new Error('on purpose')
    })
    await world.awaited(world.at('a').update(tags, add('x')))
    await world.until(() => heard.length > 1)
    subscription[Symbol.dispose]()
    await world.awaited(world.at('b').update(tags, add('y')))
    expect(heard).toEqual(['', 'x'])
    expect(world.at('b').metrics().listenerErrors).toBeGreaterThanOrEqual(2)
  })

  test('of a key has one type for ever', async () => {
    await using world = await ReplicatorWorld.of('a')
    await world.awaited(world.at('a').update(tags, add('x')))
    const other = replicatedKey('tags', gCounter())
    const error = { code: 'CASTY_REPLICATOR_TYPE_MISMATCH' }
    await expect(
      world.at('a').update(other, (counter, me) => counter.increment(me)),
    ).rejects.toMatchObject(error)
    await expect(world.at('a').get(other)).rejects.toMatchObject(error)
    expect(() => world.at('a').local(other)).toThrow(expect.objectContaining(error))
  })

  test('of maps in maps needs no type to be given on the other nodes', async () => {
    await using world = await ReplicatorWorld.of('a b')
    const key = replicatedKey('deep', orMap(orMap(orMultiMap<number>())))
    await world.awaited(
      world
        .at('a')
        .update(
          key,
          (map, me) =>
            map.update(me, 'x', (inner) => inner.update(me, 'y', (multi) => multi.add(me, 'z', 1))),
          { write: 'all' },
        ),
    )
    expect(world.at('b').local(key).get('x')?.get('y')?.get('z')).toEqual([1])
  })
})

describe('a node that was removed', () => {
  test('is pruned: what it did stays, its name does not, and late news of it changes nothing', async () => {
    await using world = await ReplicatorWorld.of('a b c', {
      pruningDelayMs: 2_000,
      pruningMarkerMs: 30_000,
    })
    const gone = world.cluster('c').self.key
    await world.awaited(world.at('a').update(hits, (counter, me) => counter.increment(me, 5)))
    await world.awaited(
      world.at('c').update(hits, (counter, me) => counter.increment(me, 7), { write: 'all' }),
    )
    expect(modifiedBy(world.at('b').local(hits))).toContain(gone)
    await world.killAndDown('c')
    await world.until(() =>
      ['a', 'b'].every((host) => !modifiedBy(world.at(host).local(hits)).includes(gone)),
    )
    await world.until(() => ['a', 'b'].every((host) => world.at(host).local(hits).value === 12))
    await world.advance(60_000)
    for (const host of ['a', 'b']) {
      expect(world.at(host).local(hits).value).toBe(12)
      expect(world.at(host).explain().nodesToPrune).toEqual([])
    }
  })

  test('is pruned also by a node that came after it was gone', async () => {
    await using world = await ReplicatorWorld.of('a b c', { pruningDelayMs: 4_000 })
    const gone = ['a', 'b', 'c'].map((host) => String(world.cluster(host).self.key))
    for (const host of ['a', 'b', 'c']) {
      const counting = world.at(host).update(hits, (counter, me) => counter.increment(me, 2), {
        write: 'all',
      })
      await world.awaited(counting)
    }
    await world.killAndDown('c')
    await world.start('d')
    await world.allUp()
    await world.until(() => world.at('d').local(hits).value === 6)
    await world.killAndDown('a')
    await world.killAndDown('b')
    expect(modifiedBy(world.at('d').local(hits))).toEqual(gone.toSorted())
    await world.advance(15_000)
    expect(modifiedBy(world.at('d').local(hits))).toEqual([world.cluster('d').self.key])
    expect(world.at('d').local(hits).value).toBe(6)
  })

  test('does not bring back what was removed, when it comes back as another', async () => {
    await using world = await ReplicatorWorld.of('a b c', {
      pruningDelayMs: 1_000,
      pruningMarkerMs: 5_000,
    })
    await world.awaited(world.at('c').update(tags, add('z'), { write: 'all' }))
    await world.killAndDown('c')
    await world.awaited(world.at('a').update(tags, (set) => set.remove('z'), { write: 'all' }))
    await world.advance(20_000)
    await world.start('c')
    await world.allUp()
    await world.awaited(world.at('c').update(tags, add('after'), { write: 'all' }))
    for (const host of ['a', 'b', 'c']) expect(world.at(host).local(tags).value).toEqual(['after'])
  })
})

describe('a call', () => {
  test('ends with its signal, and what it changed stays', async () => {
    await using world = await ReplicatorWorld.of('a b')
    using _cut = world.cut('a')
    const abort = new AbortController()
    const call = world.at('a').update(tags, add('x'), { write: 'all', signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    expect(world.at('a').local(tags).value).toEqual(['x'])
    expect(world.at('a').metrics().pendingCalls).toBe(0)
  })

  test('fails when the replicator ends', async () => {
    await using world = await ReplicatorWorld.of('a b')
    using _cut = world.cut('a')
    const call = world.at('a').update(tags, add('x'), { write: 'all' })
    world.at('a')[Symbol.dispose]()
    const error = { code: 'CASTY_REPLICATOR_STOPPED' }
    await expect(call).rejects.toMatchObject(error)
    await expect(world.at('a').get(tags)).rejects.toMatchObject(error)
  })

  test('is not possible by another replicator of a node, which would count its changes from the beginning', async () => {
    await using world = await ReplicatorWorld.of('a b')
    await world.awaited(world.at('a').update(tags, add('x'), { write: 'all' }))
    world.at('a')[Symbol.dispose]()
    const { clock } = world
    const timers = clock.pendingTimers
    const attach = (): unknown => Replicator.attach({ cluster: world.cluster('a'), clock })
    expect(attach).toThrow(expect.objectContaining({ code: 'CASTY_REPLICATOR_STOPPED' }))
    expect(clock.pendingTimers).toBe(timers)
    await world.advance(10_000)
    expect(world.at('b').local(tags).value).toEqual(['x'])
  })

  test('fails when the node stops', async () => {
    await using world = await ReplicatorWorld.of('a b')
    using _cut = world.cut('a')
    const call = world.at('a').update(tags, add('x'), { write: 'all' })
    const failed = expect(call).rejects.toMatchObject({ code: 'CASTY_REPLICATOR_STOPPED' })
    await world.awaited(world.cluster('a').shutdown())
    await failed
  })

  test('is refused where too many wait, or there are too many keys, or too large a value', async () => {
    await using world = await ReplicatorWorld.of('a b', {
      maxPending: 1,
      maxKeys: 2,
      maxValueBytes: 1_000,
    })
    const large = world.at('a').update(tags, add('x'.repeat(1_000)))
    await expect(large).rejects.toMatchObject({ code: 'CASTY_REPLICATOR_TOO_LARGE' })
    expect(world.at('a').local(tags).value).toEqual([])
    const cut = world.cut('a')
    const first = world.at('a').update(tags, add('x'), { write: 'all' })
    await expect(world.at('a').update(tags, add('y'), { write: 'all' })).rejects.toMatchObject({
      code: 'CASTY_REPLICATOR_BUSY',
    })
    await world.awaited(world.at('a').update(seen, (set, me) => set.add(me, 'x')))
    await expect(
      world.at('a').update(hits, (counter, me) => counter.increment(me)),
    ).rejects.toMatchObject({ code: 'CASTY_REPLICATOR_FULL' })
    cut[Symbol.dispose]()
    expect(await world.awaited<Outcome<unknown>>(first)).toMatchObject({ type: 'confirmed' })
  })

  test.each<[string, unknown]>([
    ['consistency', 'most'],
    ['nodes', { nodes: 0 }],
    ['atLeast', { atLeast: -1 }],
  ])('refuses a wrong %s', async (option, write) => {
    await using world = await ReplicatorWorld.of('a')
    // What a user without types may give.
    const call = world.at('a').update(tags, add('x'), { write: write as 'all' })
    await expect(call).rejects.toMatchObject({
      code: 'CASTY_REPLICATOR_INVALID_OPTION',
      message: expect.stringContaining(option),
    })
  })

  test.each<[what: string, call: (on: Replicator) => unknown]>([
    ['a consistency misspelt', (on) => on.update(tags, add('x'), { write: { node: 3 } as never })],
    ['two at once', (on) => on.get(tags, { read: { nodes: 2, atLeast: 3 } as never })],
    ['none', (on) => on.update(tags, add('x'), { write: null as never })],
    ['a write of a read', (on) => on.get(tags, { write: 'all' } as never)],
    ['a read of a write', (on) => on.update(tags, add('x'), { read: 'all' } as never)],
    ['no options', (on) => on.update(tags, add('x'), null as never)],
    ['a number for options', (on) => on.get(tags, 5 as never)],
    ['no signal', (on) => on.get(tags, { signal: 5 as never })],
    ['no key', (on) => on.get(undefined as never)],
    ['a name for a key', (on) => on.update('tags' as never, (set) => set)],
    ['a key of no type', (on) => on.local({ name: 'x', type: {} } as never)],
    ['no change', (on) => on.update(tags, 5 as never)],
    ['no listener', (on) => on.subscribe(tags, undefined as never)],
  ])('refuses %s, and changes nothing', async (_what, call) => {
    await using world = await ReplicatorWorld.of('a')
    await expect((async () => await call(world.at('a')))()).rejects.toMatchObject({
      code: 'CASTY_REPLICATOR_INVALID_OPTION',
    })
    expect(world.at('a').metrics().keys).toBe(0)
  })

  test.each([undefined, null, 5, Promise.resolve()])('takes no %s for a value', async (value) => {
    await using world = await ReplicatorWorld.of('a')
    const call = world.at('a').update(tags, () => value as never)
    await expect(call).rejects.toMatchObject({ code: 'CASTY_CRDT_FOREIGN_VALUE' })
    expect(world.at('a').metrics().keys).toBe(0)
  })

  test.each<[string, object, RegExp]>([
    ['a time of 0', { gossipIntervalMs: 0 }, /^Option gossipIntervalMs is 0; allowed is/],
    ['values larger than frames', { maxValueBytes: 2 ** 30 }, /^Option maxValueBytes is/],
    ['a name misspelt', { gosipIntervalMs: 1 }, /gosipIntervalMs .*gossipIntervalMs/],
    ['no clock', { clock: {} }, /^Option clock is an object/],
  ])('is not possible with %s', async (_, options, message) => {
    await using world = await ReplicatorWorld.of('a')
    expect(() => Replicator.attach({ cluster: world.cluster('a'), ...options })).toThrow(message)
  })

  test.each(['', 'x'.repeat(513), 'a\u0000b', '\uD800'])('refuses the key %j', (name) => {
    expect(() => replicatedKey(name, gCounter())).toThrow(/^Option name is /)
  })
})
