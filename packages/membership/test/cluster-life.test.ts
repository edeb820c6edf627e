import { describe, expect, test } from 'vitest'
import type { ClusterEvent } from '@casty/membership'
import { ClusterWorld } from './cluster-world.ts'

describe('Shutting down', () => {
  test('leaves no timer, however far the node had come', async () => {
    for (const ms of [0, 1, 2, 3, 5, 30, 60, 100, 400, 1_000, 6_000]) {
      const world = new ClusterWorld(ms)
      for (const host of ['a', 'b', 'c']) await world.start(host)
      await world.advance(ms)
      await world[Symbol.asyncDispose]()
      await world.advance(10)
      expect(world.clock.pendingTimers, `after ${ms} ms`).toBe(0)
    }
  })

  test('leaves no timer where a member had been removed just before', async () => {
    const world = new ClusterWorld()
    await world.startAll('a b c')
    await world.settled(world.cluster('c').leave())
    await world[Symbol.asyncDispose]()
    await world.advance(10)
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('while joining ends the attempt, and what waits for it', async () => {
    await using world = new ClusterWorld()
    world.cut('a', 'b')
    await world.start('a')
    const { cluster } = await world.start('b')
    await world.advance(500)
    const waiting = expect(cluster.waitFor(2)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_STOPPED',
    })
    await cluster.shutdown()
    await waiting
    expect(cluster.explain().phase).toBe('stopped')
  })

  test('twice, or after it ended, does nothing more', async () => {
    await using world = new ClusterWorld()
    const { cluster, events } = await world.start('a')
    await Promise.all([cluster.shutdown(), cluster.shutdown(), cluster[Symbol.asyncDispose]()])
    await cluster.shutdown()
    expect(events.filter(({ type }) => type === 'cluster-shutting-down')).toHaveLength(1)
  })

  test('makes later calls fail, and lets reading go on', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster } = world.node('b')
    await cluster.shutdown()
    const stopped = { code: 'CASTY_MEMBERSHIP_STOPPED' }
    expect(() => cluster.down(cluster.self)).toThrow(expect.objectContaining(stopped))
    expect(() => cluster.registerService('k', 'p')).toThrow(expect.objectContaining(stopped))
    await expect(cluster.waitFor(1)).rejects.toMatchObject(stopped)
    await expect(cluster.leave()).resolves.toBe('gave-up')
    expect(cluster.getState().members).toHaveLength(2)
    expect(cluster.explain().summary).toMatch(/has stopped/)
    expect(cluster.metrics().bytesSent).toBeGreaterThan(0)
  })

  test('is noticed by the others as the death that it is', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.cluster('c').shutdown()
    const isSeen = (): boolean => world.nodes.every(({ host }) => world.unreachable(host) === 'c')
    expect(await world.until(isSeen, 5_000)).toBeLessThanOrEqual(1_000)
  })

  test('frees the address for the next', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await world.cluster('b').shutdown()
    await world.start('b', { wallOffsetMs: 1 })
    await world.until(() => world.allUp(2), 5_000)
  })

  test('from within an event is told last of all, to whoever listens', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster, events } = world.node('a')
    cluster.subscribe((event) => {
      if (event.type === 'member-unreachable') void cluster.shutdown()
    })
    const later: ClusterEvent[] = []
    cluster.subscribe((event) => void later.push(event))
    await world.kill('b')
    await world.until(() => cluster.explain().phase === 'stopped', 5_000)
    await world.advance(1_000)
    for (const told of [events, later]) {
      expect(told.slice(-2).map(({ type }) => type)).toEqual([
        'member-unreachable',
        'cluster-shutting-down',
      ])
    }
  })
})

describe('explain()', () => {
  test('says why a node is not admitted', async () => {
    await using world = new ClusterWorld()
    await world.start('b', { seedNodes: ['a:1', 'z:1'] })
    await world.advance(2_000)
    const told = world.cluster('b').explain()
    expect(told).toMatchObject({ phase: 'joining', status: undefined })
    expect(told.summary).toMatch(/not admitted yet.*a:1.*z:1/)
  })

  test('advises what to do about somebody unreachable, who blocks convergence', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    expect(world.cluster('a').explain().summary).toMatch(/converged\.$/)
    await world.kill('c')
    await world.until(() => world.unreachable('a') === 'c', 5_000)
    expect(world.cluster('a').explain().summary).toMatch(
      /c:1#\d+ is unreachable.*[Rr]estart.*at its address, or call cluster\.down\(member\.address\)/,
    )
  })

  test('says what downing is going to do about somebody unreachable, in place of advice', async () => {
    await using world = new ClusterWorld()
    const outlook = 'The referee decides soon.'
    const downing = {
      agreement: 'referee',
      start: () => ({ decide: () => ({ down: [] }), explain: () => ({ outlook }) }),
    }
    await world.startAll('a b c', { downing })
    await world.kill('c')
    await world.until(() => world.unreachable('a') === 'c', 5_000)
    const { summary } = world.cluster('a').explain()
    expect(summary).toMatch(/c:1#\d+ is unreachable\. The referee decides soon\.$/)
  })

  test('reads the same after a trip through JSON, in every phase of a life', async () => {
    await using world = new ClusterWorld()
    const check = (host: string): void => {
      const told = world.cluster(host).explain()
      expect(told.summary).not.toBe('')
      expect(JSON.parse(JSON.stringify(told))).toEqual(withoutUndefined(told))
    }
    await world.start('b')
    check('b')
    await world.startAll('a c')
    check('b')
    await world.kill('c')
    await world.until(() => world.unreachable('a') === 'c', 5_000)
    check('a')
    await world.cluster('a').shutdown()
    check('a')
  })

  test('shows the suspicion of every peer that is watched', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.advance(5_000)
    const { watched } = world.cluster('a').explain()
    expect(watched.map(({ status }) => status)).toEqual(['trusted', 'trusted'])
    expect(watched.every(({ phi }) => phi < 1)).toBe(true)
  })
})

/** What a value must be equal to after a trip through JSON: all of it but what is undefined. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
  // A map, a set or an instance would read as empty, or as something else, behind JSON.
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutUndefined(entry)]))
}

describe('Finding members', () => {
  test('goes by id and by address, in the latest incarnation', async () => {
    await using world = new ClusterWorld()
    await world.start('a', { nodeId: 'alpha' })
    await world.start('b', { nodeId: 'a:1-friend' })
    await world.until(() => world.allUp(2), 5_000)
    const b = world.cluster('b')
    expect(b.resolveNode('alpha')?.address.host).toBe('a')
    expect(b.resolveNode('a:1')?.id).toBe('alpha')
    expect(b.resolveNode('nobody')).toBeUndefined()
    expect(b.selfMember?.id).toBe('a:1-friend')
  })

  test('a node is no member in its own eyes before it was admitted', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('b')
    expect(cluster.selfMember).toBeUndefined()
    expect(cluster.getState().leader).toBeUndefined()
  })
})
