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

test('a node that restarts again and again leaves nothing of its former lives in the version', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a b c')
  for (let life = 1; life <= 20; life++) {
    await world.kill('c')
    await world.advance(life)
    await world.start('c')
    await world.until(() => world.allUp(3), 10_000)
  }
  const { version, tombstones } = world.cluster('a').getState()
  expect(version.entries().length).toBeLessThanOrEqual(3)
  expect(tombstones.size).toBe(1)
})

test('two sides of which every node restarted while they were apart find each other again', async () => {
  await using world = new ClusterWorld()
  const options = { seedNodes: ['a:1', 'b:1', 'c:1', 'd:1'], seedTimeoutMs: 3_600_000 }
  await world.startAll('a b c d', options)
  world.partition('a b', 'c d')
  for (const host of ['a', 'b', 'c', 'd']) {
    await world.kill(host)
    await world.start(host, { ...options, wallOffsetMs: 1 })
    await world.until(() => world.view(host) !== '', 10_000)
    await world.advance(10_000)
  }
  world.heal()
  await world.until(() => world.allUp(4) && world.agreed, 10_000)
  expect(new Set(world.nodes.map(({ cluster }) => cluster.getState().clusterId)).size).toBe(1)
})
