import { describe, expect, test } from 'vitest'
import { ClusterWorld, seeds, type WorldNode } from './cluster-world.ts'
import { eventsOf, isMemberEvent } from './world-events.ts'

/** What a node was told of one host, by incarnation: `'old.removed'`, `'new.up'`. */
function story(node: WorldNode, host: string, oldIncarnation: number): readonly string[] {
  return node.events.flatMap((event) => {
    if (!isMemberEvent(event) || event.member.address.host !== host) return []
    const life = event.member.incarnation === oldIncarnation ? 'old' : 'new'
    return [`${life}.${event.type.slice('member-'.length)}`]
  })
}

describe('A restart at the same address', () => {
  test.each(seeds(20))(
    'removes the old incarnation, then takes in the new one (seed %i)',
    async (seed) => {
      await using world = new ClusterWorld(seed)
      await world.startAll('a b c')
      await world.advance(seed * 57)
      const old = world.cluster('c').self.incarnation
      await world.kill('c')
      await world.advance(20)
      await world.start('c')
      await world.until(() => world.allUp(3) && world.agreed, 3_000)
      expect(world.cluster('c').self.incarnation).toBeGreaterThan(old)
      for (const host of ['a', 'b']) {
        const told = story(world.node(host), 'c', old).filter((step) => step !== 'new.joined')
        expect(told.slice(told.indexOf('old.downed'))).toEqual([
          'old.downed',
          'old.removed',
          'new.up',
        ])
      }
    },
  )

  test('is over within a second, also where the death went unnoticed', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.kill('c')
    await world.start('c', { wallOffsetMs: 1 })
    expect(await world.until(() => world.allUp(5), 5_000)).toBeLessThanOrEqual(1_000)
  })

  test('twenty times over ends with one member there, and one story of each life', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    for (let round = 0; round < 20; round++) {
      await world.kill('c')
      await world.advance(10)
      await world.start('c')
      await world.until(() => world.allUp(3), 5_000)
    }
    await world.until(() => world.agreed, 3_000)
    const removed = eventsOf(world.node('a'), 'member-removed').map(({ member }) => member.key)
    expect(removed).toHaveLength(20)
    expect(new Set(removed).size).toBe(20)
    expect(world.cluster('a').getState().tombstones.size).toBeLessThanOrEqual(1)
    const counted = [...world.cluster('a').getState().version.entries()].length
    expect(counted).toBeLessThanOrEqual(3)
  })

  test('quicker than its welcome comes never leaves two lives of one address', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    for (let round = 0; round < 10; round++) {
      await world.kill('c')
      await world.advance(3 + round)
      await world.start('c')
      await world.advance(1 + round)
    }
    await world.until(() => world.allUp(3) && world.agreed, 5_000)
    expect(world.view('a')).toBe('a.up b.up c.up')
  })

  test('of the leader hands over, and does not take leadership back', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    for (const host of ['b', 'c']) {
      await world.start(host, { seedNodes: ['a:1', 'b:1', 'c:1'] })
      await world.until(() => world.view(host).includes(`${host}.up`), 5_000)
    }
    await world.kill('a')
    await world.advance(20)
    await world.start('a', { seedNodes: ['a:1', 'b:1', 'c:1'] })
    await world.until(() => world.allUp(3) && world.agreed, 5_000)
    expect(world.nodes.map(({ cluster }) => cluster.getState().leader?.address.host)).toEqual([
      'b',
      'b',
      'b',
    ])
  })

  test('while another member is unreachable still shows the old life gone', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    await world.vanish('d')
    await world.until(() => world.unreachable('a') === 'd', 10_000)
    const old = world.cluster('c').self
    await world.kill('c')
    await world.advance(20)
    await world.start('c')
    await world.until(() => world.view('c').includes('c.weakly-up'), 15_000)
    expect(world.cluster('a').getState().member(old)).toBeUndefined()
  })

  test('of every process, one after the other, keeps the cluster', async () => {
    await using world = new ClusterWorld()
    const seedNodes = ['a:1', 'b:1', 'c:1']
    await world.startAll('a b c d e', { seedNodes })
    const { clusterId } = world.cluster('a').getState()
    for (const host of ['a', 'b', 'c', 'd', 'e']) {
      await world.settled(world.cluster(host).leave())
      await world.start(host, { seedNodes })
      await world.until(() => world.allUp(5) && world.agreed, 5_000)
    }
    expect(world.nodes.map(({ cluster }) => cluster.getState().clusterId)).toEqual(
      Array.from({ length: 5 }, () => clusterId),
    )
  })

  test('of every process at once makes one new cluster', async () => {
    await using world = new ClusterWorld()
    const seedNodes = ['a:1', 'b:1', 'c:1']
    await world.startAll('a b c d e', { seedNodes })
    for (const host of ['a', 'b', 'c', 'd', 'e']) await world.kill(host)
    for (const host of ['e', 'd', 'c', 'b', 'a'])
      await world.start(host, { seedNodes, wallOffsetMs: 1 })
    await world.until(() => world.allUp(5) && world.agreed, 5_000)
    expect(world.view('e')).toBe('a.up b.up c.up d.up e.up')
  })
})

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
      { type: 'self-downed', self: node.cluster.self.key },
      { type: 'cluster-shutting-down', reason: 'downed' },
    ])
    await world.until(() => world.everySees('a.up b.up'), 5_000)
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
