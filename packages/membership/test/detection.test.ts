import type { EventLoopDelay } from '@casty/membership'
import { describe, expect, test } from 'vitest'
import { ClusterWorld, seeds } from './cluster-world.ts'
import { eventsOf, memberEvents } from './world-events.ts'
import type { ResumeOrder } from './process-clock.ts'

const resumeOrders: readonly ResumeOrder[] = ['timers-first', 'sockets-first']

/** Of a process whose event loop always stands still for a second before it comes round. */
const busy: EventLoopDelay = {
  enable: () => true,
  disable: () => true,
  reset: () => undefined,
  percentile: () => 1_000_000_000,
}

/** Nobody ever told a subscriber that a member is unreachable, or was downed. */
function expectNoAccusation(world: ClusterWorld): void {
  for (const node of world.nodes) {
    expect(eventsOf(node, 'member-unreachable')).toEqual([])
    expect(memberEvents(node).filter((event) => event.endsWith('.downed'))).toEqual([])
  }
}

describe('A process that dies', () => {
  test.each(seeds(20))('is unreachable at all others within a second (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    await world.startAll('a b c d e')
    await world.advance(1_000 + seed * 137)
    await world.kill('c')
    const isSeen = (): boolean => world.nodes.every(({ host }) => world.unreachable(host) === 'c')
    expect(await world.until(isSeen, 5_000)).toBeLessThanOrEqual(1_000)
  })

  test('in a cluster of two is unreachable for the other within a second', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await world.kill('b')
    expect(await world.until(() => world.unreachable('a') === 'b', 5_000)).toBeLessThanOrEqual(
      1_000,
    )
  })

  test('in a cluster of twenty is unreachable at all others within a second', async () => {
    await using world = new ClusterWorld()
    await world.startAll(Array.from({ length: 20 }, (_, index) => `n${index}`).join(' '), {
      seedNodes: ['n0:1'],
    })
    await world.advance(3_000)
    await world.kill('n7')
    const isSeen = (): boolean => world.nodes.every(({ host }) => world.unreachable(host) === 'n7')
    expect(await world.until(isSeen, 5_000)).toBeLessThanOrEqual(1_000)
  })

  test.each([
    [1, 3],
    [1, 6],
    [2, 6],
    [2, 9],
  ])('is unreachable where only %i watch each of %i', async (monitoredBy, count) => {
    await using world = new ClusterWorld()
    const hosts = Array.from({ length: count }, (_, index) => `n${index}`).join(' ')
    await world.startAll(hosts, { seedNodes: ['n0:1'], monitoredBy })
    await world.advance(3_000)
    await world.kill('n2')
    const isSeen = (): boolean => world.nodes.every(({ host }) => world.unreachable(host) === 'n2')
    expect(await world.until(isSeen, 10_000)).toBeLessThanOrEqual(1_000)
    expect(world.cluster('n0').explain().suspicions).toMatchObject([
      { needed: monitoredBy, unreachable: true },
    ])
  })

  test('is unreachable at all others within a second where all of them doubt themselves', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e', { eventLoopDelay: busy })
    const { self } = world.cluster('a')
    const areInDoubt = (): boolean =>
      world.nodes.every(({ cluster }) => {
        const { reachability, members } = cluster.getState()
        return members.every(({ key }) => reachability.rows.get(key)?.doubtful === true)
      })
    expect(await world.until(areInDoubt, 20_000)).toBeLessThan(20_000)
    await world.kill('c')
    const isSeen = (): boolean => world.nodes.every(({ host }) => world.unreachable(host) === 'c')
    expect(await world.until(isSeen, 20_000)).toBeLessThanOrEqual(1_000)
    expect(world.cluster('a').getState().reachability.rows.get(self.key)?.doubtful).toBe(true)
  })

  test('is told of as unreachable once, with the member that it was', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const dead = world.cluster('c').self
    await world.kill('c')
    await world.advance(30_000)
    for (const node of world.nodes) {
      const told = eventsOf(node, 'member-unreachable')
      expect(told.map(({ member }) => member.key)).toEqual([dead.key])
    }
  })

  test('is never downed where no downing is configured', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.kill('c')
    await world.advance(300_000)
    expect(world.view('a')).toMatch(/^a.up b.up c.up \|/)
  })

  test('with three others leaves the last of five seeing all four unreachable', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    for (const host of ['a', 'b', 'c', 'd']) await world.kill(host)
    expect(
      await world.until(() => world.unreachable('e') === 'a b c d', 10_000),
    ).toBeLessThanOrEqual(1_000)
    expect(world.cluster('e').getState().leader?.address.host).toBe('e')
  })

  test('just after it joined, before it ever answered, is found unreachable too', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.start('d')
    await world.until(() => world.view('a').includes('d.'), 5_000)
    await world.vanish('d')
    await world.until(
      () => world.nodes.every(({ host }) => world.unreachable(host) === 'd'),
      10_000,
    )
    expect(world.nodes.map(({ host }) => world.unreachable(host))).toEqual(['d', 'd', 'd'])
  })
})

describe('A machine that vanishes', () => {
  test.each(seeds(10))('is unreachable at all others in 5.5 s (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    await world.startAll('a b c d e')
    await world.advance(20_000 + seed * 137)
    await world.vanish('c')
    const isSeen = (): boolean => world.nodes.every(({ host }) => world.unreachable(host) === 'c')
    expect(await world.until(isSeen, 10_000)).toBeLessThanOrEqual(5_500)
  })

  test('right after the start takes no longer than six seconds', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.vanish('c')
    const isSeen = (): boolean => world.nodes.every(({ host }) => world.unreachable(host) === 'c')
    expect(await world.until(isSeen, 10_000)).toBeLessThanOrEqual(6_000)
  })

  test('with all others leaves the last one seeing them unreachable', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.advance(10_000)
    world.partition('e', 'a b c d')
    expect(
      await world.until(() => world.unreachable('e') === 'a b c d', 15_000),
    ).toBeLessThanOrEqual(6_500)
    await world.until(
      () => ['a', 'b', 'c', 'd'].every((host) => world.unreachable(host) === 'e'),
      3_000,
    )
  })
})

describe('A cluster that falls apart into three', () => {
  const third = (first: number, count: number): readonly string[] =>
    Array.from({ length: count / 3 }, (_, index) => `n${first + 3 * index}`)

  // One round, where all watch all; of rounds in which a node takes on others for those that it lost,
  // twelve had taken 10 s. In a large one each such round looks wider than the one before.
  test.each([
    [9, 3, 6_500],
    [12, 5, 6_500],
    [24, 5, 12_500],
  ])(
    'of %i, where %i watch each of many, is seen so by all in %i ms',
    async (count, few, withinMs) => {
      await using world = new ClusterWorld()
      const sides = [0, 1, 2].map((first) => third(first, count))
      await world.startAll(sides.flat().join(' '), { seedNodes: ['n0:1'], monitoredBy: few })
      await world.advance(10_000)
      for (const [one, other] of [
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const)
        world.partition(sides[one]?.join(' ') ?? '', sides[other]?.join(' ') ?? '')
      const lostBy = (host: string): number => world.cluster(host).getState().unreachable.size
      const isSeen = (): boolean => sides.flat().every((host) => lostBy(host) === (2 * count) / 3)
      expect(await world.until(isSeen, 60_000)).toBeLessThanOrEqual(withinMs)
    },
  )
})

describe('A process that is stopped and goes on', () => {
  test.each(resumeOrders)(
    'after 3 s is accused by nobody, and accuses nobody (%s)',
    async (order) => {
      await using world = new ClusterWorld()
      await world.startAll('a b c d e')
      await world.advance(10_000)
      world.pause('b')
      await world.advance(3_000)
      world.resume('b', order)
      await world.advance(20_000)
      expectNoAccusation(world)
      expect(world.everySees('a.up b.up c.up d.up e.up')).toBe(true)
    },
  )

  test.each(resumeOrders)(
    'after 30 s is reachable again, and accuses nobody (%s)',
    async (order) => {
      await using world = new ClusterWorld()
      await world.startAll('a b c d e')
      await world.advance(10_000)
      world.pause('b')
      await world.advance(30_000)
      expect(world.unreachable('a')).toBe('b')
      world.resume('b', order)
      await world.until(() => world.agreed && world.allUp(5), 5_000)
      await world.advance(30_000)
      const accused = world.nodes.flatMap((node) =>
        eventsOf(node, 'member-unreachable').map(({ member }) => member.address.host),
      )
      expect(new Set(accused)).toEqual(new Set(['b']))
    },
  )

  test.each(resumeOrders)(
    'with all others at once, as in a suspended VM: nobody is accused (%s)',
    async (order) => {
      await using world = new ClusterWorld()
      await world.startAll('a b c')
      await world.advance(10_000)
      for (const { host } of world.nodes) world.pause(host)
      await world.advance(60_000)
      for (const { host } of world.nodes) world.resume(host, order)
      await world.advance(30_000)
      expectNoAccusation(world)
    },
  )

  test.each(resumeOrders)(
    'does not accuse the only other one, whom it can ask nobody about (%s)',
    async (order) => {
      await using world = new ClusterWorld()
      await world.startAll('a b')
      await world.advance(10_000)
      world.pause('b')
      await world.advance(30_000)
      world.resume('b', order)
      await world.advance(20_000)
      // It may hear that it was found unreachable itself.
      const accused = eventsOf(world.node('b'), 'member-unreachable')
      expect(accused.filter(({ member }) => member.address.host !== 'b')).toEqual([])
      expect(world.everySees('a.up b.up')).toBe(true)
    },
  )

  test('doubts itself, and says so', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    world.pause('b')
    await world.advance(2_500)
    world.resume('b')
    await world.advance(200)
    expect(world.cluster('b').explain().doubt).toBeGreaterThan(0)
    await world.advance(2_000)
    const { reachability } = world.cluster('a').getState()
    expect(reachability.rows.get(world.cluster('b').self.key)?.doubtful).toBe(true)
  })

  test('again and again for half a second is accused by nobody, and accuses nobody', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    for (let round = 0; round < 60; round++) {
      const host = 'abcde'[round % 5] ?? 'a'
      world.pause(host)
      await world.advance(200 + ((round * 97) % 600))
      world.resume(host, round % 2 === 0 ? 'timers-first' : 'sockets-first')
      await world.advance(400)
    }
    expectNoAccusation(world)
  })
})

describe('Wall clocks', () => {
  test('that jump by an hour either way change nothing', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    for (const jumpMs of [3_600_000, -7_200_000, 3_600_000]) {
      world.node('b').clock.wallOffsetMs += jumpMs
      await world.advance(10_000)
    }
    expectNoAccusation(world)
    expect(world.everySees('a.up b.up c.up')).toBe(true)
  })
})
