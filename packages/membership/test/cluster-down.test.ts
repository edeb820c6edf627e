import { describe, expect, test } from 'vitest'
import { ClusterWorld } from './cluster-world.ts'
import { eventsOf } from './world-events.ts'

describe('Downing by command', () => {
  test('removes a dead member everywhere', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const dead = world.cluster('c').self
    await world.kill('c')
    world.cluster('b').down(dead)
    await world.until(() => world.everySees('a.up b.up'), 5_000)
    expect(eventsOf(world.node('a'), 'member-removed')).toMatchObject([
      { member: { key: dead.key }, previousStatus: 'down' },
    ])
  })

  test('of an address means whichever incarnation is a member', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { address } = world.cluster('c').self
    await world.kill('c')
    world.cluster('a').down(address)
    await world.until(() => world.everySees('a.up b.up'), 5_000)
  })

  test('of an incarnation that is gone does not hit the one that took its place', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const old = world.cluster('c').self
    await world.kill('c')
    await world.start('c', { wallOffsetMs: 1 })
    await world.until(() => world.allUp(3), 5_000)
    expect(() => world.cluster('a').down(old)).toThrow(
      expect.objectContaining({ code: 'CASTY_MEMBERSHIP_UNKNOWN_NODE' }),
    )
    await world.advance(5_000)
    expect(world.everySees('a.up b.up c.up')).toBe(true)
  })

  test('of a live node stops it, which publishes that it was downed, then that it shuts down', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const node = world.node('c')
    world.cluster('a').down(node.cluster.self)
    await world.until(() => node.events.at(-1)?.type === 'cluster-shutting-down', 3_000)
    expect(node.events.slice(-2)).toEqual([
      { type: 'self-downed', self: node.cluster.self.key, reason: 'downed' },
      { type: 'cluster-shutting-down', reason: 'downed' },
    ])
    await world.until(() => world.everySees('a.up b.up'), 5_000)
  })

  test('of a node that finds others unreachable tells it of nothing that it has no say in any more', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const node = world.node('c')
    world.partition('a b', 'c')
    await world.until(() => world.unreachable('c') === 'a b', 20_000)
    const told = node.events.length
    node.cluster.down(node.cluster.self)
    await world.advance(100)
    expect(node.events.slice(told).map(({ type }) => type)).toEqual([
      'member-downed',
      'self-downed',
      'cluster-shutting-down',
    ])
  })

  test('makes every later call on the downed node fail as downed', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster } = world.node('c')
    const waiting = cluster.waitFor(9).then(
      () => 'resolved',
      (error: unknown) => error,
    )
    cluster.down(cluster.self)
    await world.advance(100)
    const downed = { code: 'CASTY_MEMBERSHIP_DOWNED' }
    expect(await waiting).toMatchObject(downed)
    await expect(cluster.waitFor(1)).rejects.toMatchObject(downed)
    await expect(cluster.leave()).rejects.toMatchObject(downed)
    expect(() => cluster.down(world.cluster('a').self)).toThrow(expect.objectContaining(downed))
    expect(() => cluster.registerService('k', 'p')).toThrow(expect.objectContaining(downed))
    expect(() => cluster.publishAllocations('t', new Map(), 1)).toThrow(
      expect.objectContaining(downed),
    )
    await cluster.shutdown()
  })

  test('of somebody who is no member says so', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const stranger = (await world.start('z', { bootstrap: true })).cluster.self
    expect(() => world.cluster('a').down(stranger)).toThrow(
      expect.objectContaining({ code: 'CASTY_MEMBERSHIP_UNKNOWN_NODE' }),
    )
  })

  test('of a node behind a partition reaches it when the partition heals', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    world.partition('c', 'a b')
    await world.until(() => world.unreachable('a') === 'c', 15_000)
    world.cluster('a').down(world.cluster('c').self)
    await world.until(() => world.view('a') === 'a.up b.up', 5_000)
    await world.advance(60_000)
    const { cluster, events } = world.node('c')
    expect(cluster.explain().phase).toBe('member')
    world.heal()
    await world.until(() => cluster.explain().phase === 'stopped', 10_000)
    expect(eventsOf({ events }, 'self-downed')).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ type: 'cluster-shutting-down' })
    expect(world.view('a')).toBe('a.up b.up')
  })

  test('on both sides of a partition leaves no node that believes in the other side', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    world.partition('a b', 'c d')
    await world.until(
      () => world.unreachable('a') === 'c d' && world.unreachable('c') === 'a b',
      15_000,
    )
    for (const [here, there] of [
      ['a', 'c'],
      ['a', 'd'],
      ['c', 'a'],
      ['c', 'b'],
    ] as const) {
      world.cluster(here).down(world.cluster(there).self)
    }
    await world.until(
      () => world.view('b') === 'a.up b.up' && world.view('d') === 'c.up d.up',
      5_000,
    )
    world.heal()
    await world.advance(60_000)
    expect(world.view('a')).not.toMatch(/[cd]\./)
    expect(world.view('c')).not.toMatch(/[ab]\./)
  })

  test('of all others at once by the last one leaves it alone', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e', { monitoredBy: 2 })
    const others = ['a', 'b', 'c', 'd'].map((host) => world.cluster(host).self)
    for (const host of ['a', 'b', 'c', 'd']) await world.kill(host)
    await world.advance(1_000)
    for (const node of others) world.cluster('e').down(node)
    await world.until(() => world.view('e') === 'e.up', 5_000)
  })
})
