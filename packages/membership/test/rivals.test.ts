import { describe, expect, test } from 'vitest'
import { addressOf, ClusterWorld } from './cluster-world.ts'
import { eventsOf } from './world-events.ts'

/** `left` and `right` lose sight of each other, and whoever has the say on either side downs the other. */
async function partUp(world: ClusterWorld, left: string, right: string): Promise<void> {
  world.partition(left, right)
  for (const [by, others] of [
    [left, right],
    [right, left],
  ] as const) {
    const cluster = world.cluster(by.slice(0, 1))
    for (const host of others.split(' ')) cluster.down(addressOf(host))
  }
  await world.until(() => isAlone(world, left) && isAlone(world, right), 10_000)
}

function isAlone(world: ClusterWorld, hosts: string): boolean {
  const alone = hosts.split(' ').map((host) => `${host}.up`)
  return hosts.split(' ').every((host) => world.view(host).startsWith(alone.join(' ')))
}

function running(world: ClusterWorld): string {
  return world.nodes
    .map(({ host }) => host)
    .toSorted()
    .join(' ')
}

describe('Two sides that downed each other', () => {
  test.each([
    ['a b c', 'd e', 'a b c'],
    ['b c d', 'a e', 'a e'],
    ['b c d e', 'a', 'a'],
    ['c e', 'a b d', 'a b d'],
  ])('%s | %s: once they meet, only %s go on', async (left, right, survivors) => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await partUp(world, left, right)
    world.heal()
    await world.until(() => running(world) === survivors, 60_000)
    await world.advance(120_000)
    expect(running(world)).toBe(survivors)
    expect(world.allUp(survivors.split(' ').length)).toBe(true)
  })

  test('in two data centers, which number their own: the lowest address goes on', async () => {
    await using world = new ClusterWorld()
    for (const host of 'a b'.split(' ')) await world.start(host, { roles: ['dc-east'] })
    for (const host of 'c d'.split(' ')) await world.start(host, { roles: ['dc-west'] })
    await world.until(() => world.allUp(4), 20_000)
    expect(world.cluster('c').selfMember?.upNumber).toBe(world.cluster('a').selfMember?.upNumber)
    await partUp(world, 'a b', 'c d')
    world.heal()
    await world.until(() => running(world) === 'a b', 60_000)
  })

  test('and never lost sight of each other are not refused, and meet all the same', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const [a, b] = [world.cluster('a'), world.cluster('b')]
    a.down(b.self)
    b.down(a.self)
    await world.until(() => running(world) === 'a', 20_000)
    await world.until(() => world.view('a') === 'a.up', 20_000)
  })

  test('meet by their oldest member where the other side does not know the leader', async () => {
    await using world = new ClusterWorld()
    const leaderOrder = 'address'
    for (const host of 'a d b'.split(' ')) await world.start(host, { leaderOrder })
    await world.until(() => world.allUp(3), 20_000)
    await partUp(world, 'a', 'b d')
    await world.kill('b')
    await world.start('b', { leaderOrder, seedNodes: ['d:1'] })
    await world.until(() => world.view('d') === 'b.up d.up', 20_000)
    world.heal()
    await world.until(() => running(world) === 'a', 60_000)
  })

  test('do not keep somebody who runs on, and answers those whom it does not know', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    await partUp(world, 'a c d', 'b')
    for (const host of ['c', 'd']) {
      await world.kill(host)
      await world.start(host, { seedNodes: ['a:1'] })
    }
    await world.until(() => world.view('a') === 'a.up c.up d.up', 20_000)
    world.heal()
    await world.until(() => running(world) === 'a c d', 60_000)
  })

  test('tell the listeners of the side that gives way why they are downed', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    const loser = world.node('c')
    const winners = ['a', 'b'].map((host) => world.cluster(host).self)
    await partUp(world, 'a b', 'c d')
    world.heal()
    await world.until(() => running(world) === 'a b', 60_000)
    const [met, ...more] = eventsOf(loser, 'rival-met')
    expect(met).toMatchObject({ goesOn: 'their-side' })
    expect(winners).toContainEqual(met?.node)
    expect(more).toEqual([])
    expect(loser.events.slice(-2)).toMatchObject([
      { type: 'self-downed' },
      { type: 'cluster-shutting-down', reason: 'downed' },
    ])
  })

  test('stay two while they cannot reach each other', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    await partUp(world, 'a b', 'c d')
    await world.advance(120_000)
    expect(running(world)).toBe('a b c d')
  })

  test('are one again after those that gave way were started anew', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    await partUp(world, 'a b', 'c d')
    world.heal()
    await world.until(() => running(world) === 'a b', 60_000)
    await world.start('c', { wallOffsetMs: 1 })
    await world.start('d', { wallOffsetMs: 1 })
    await world.until(() => world.allUp(4) && world.agreed, 10_000)
    expect(running(world)).toBe('a b c d')
  })

  test('are one again also where all were started anew while they were apart', async () => {
    await using world = new ClusterWorld()
    const options = { seedNodes: ['a:1', 'b:1', 'c:1', 'd:1'], seedTimeoutMs: 3_600_000 }
    await world.startAll('a b c d', options)
    await partUp(world, 'a b', 'c d')
    for (const host of 'a b c d'.split(' ')) {
      await world.kill(host)
      await world.start(host, { ...options, wallOffsetMs: 1 })
      await world.until(() => world.view(host) !== '', 10_000)
      await world.advance(10_000)
    }
    expect(world.view('a').startsWith('a.up b.up') && world.view('c').startsWith('c.up d.up')).toBe(
      true,
    )
    world.heal()
    await world.until(() => world.allUp(4) && world.agreed, 30_000)
  })

  test('are not mixed by a node that joined one of them later', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    await partUp(world, 'a b', 'c d')
    await world.start('f', { seedNodes: [addressOf('c')] })
    await world.until(() => world.view('f') === 'c.up d.up f.up', 10_000)
    await world.kill('d')
    world.heal('a', 'f')
    world.heal('b', 'f')
    // At d's address lives a member of the other side: f, which looks for d there, meets it.
    world.heal('a', 'd')
    world.heal('b', 'd')
    await world.start('d', { wallOffsetMs: 1, seedNodes: [addressOf('a')] })
    await world.until(() => world.view('a').startsWith('a.up b.up d.up'), 10_000)
    await world.advance(20_000)
    expect(world.view('a')).toBe('a.up b.up d.up')
    expect(world.view('b')).toBe('a.up b.up d.up')
  })

  test('leave a member alone that was given up by one side only: it stops', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const loser = world.node('c')
    world.partition('a b', 'c')
    world.cluster('b').down(addressOf('c'))
    // The moment after the leader removed it, while connections to it are still dialled.
    await world.until(() => world.view('a') === 'a.up b.up', 10_000)
    world.heal()
    await world.until(() => running(world) === 'a b', 60_000)
    await world.advance(60_000)
    expect(running(world)).toBe('a b')
    expect(eventsOf(loser, 'rival-met')).toEqual([])
  })
})
