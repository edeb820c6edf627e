import { describe, expect, test } from 'vitest'
import { addressOf, ClusterWorld, seeds } from './cluster-world.ts'
import { eventsOf, memberEvents } from './world-events.ts'

const five = 'a.up b.up c.up d.up e.up'

describe('One bad link between two of five', () => {
  test.each(['silent', 'reset'] as const)('that is %s makes nobody unreachable', async (mode) => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.advance(5_000)
    world.cut('b', 'd', { mode })
    await world.advance(120_000)
    for (const node of world.nodes) expect(eventsOf(node, 'member-unreachable')).toEqual([])
    expect(world.everySees(five)).toBe(true)
  })

  test('is told as a link fault on both, naming who still reaches the other', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.advance(5_000)
    world.cut('b', 'd')
    await world.advance(10_000)
    for (const [here, there] of [
      ['b', 'd'],
      ['d', 'b'],
    ] as const) {
      const [fault, ...more] = eventsOf(world.node(here), 'link-fault')
      expect(more).toEqual([])
      expect(fault).toMatchObject({
        observer: world.cluster(here).self.key,
        subject: { address: { host: there } },
      })
      expect(fault?.reachedVia).toMatch(/^[ace]:1#/)
    }
  })

  test('that heals is told as restored', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.advance(5_000)
    world.cut('b', 'd')
    await world.advance(10_000)
    world.heal()
    await world.until(() => eventsOf(world.node('b'), 'link-restored').length > 0, 10_000)
    await world.until(() => eventsOf(world.node('d'), 'link-restored').length > 0, 10_000)
    expect(world.everySees(five)).toBe(true)
  })

  test('that carries one way only makes nobody unreachable', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.advance(5_000)
    world.cut('b', 'd', { oneWay: true })
    await world.advance(120_000)
    for (const node of world.nodes) expect(eventsOf(node, 'member-unreachable')).toEqual([])
  })

  test('does not keep a node from joining', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    world.cut('b', 'd')
    await world.advance(10_000)
    await world.start('e')
    await world.until(() => world.allUp(5), 5_000)
    expect(world.everySees(five)).toBe(true)
  })

  test('that flaps makes nobody unreachable', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    for (let round = 0; round < 30; round++) {
      world.cut('b', 'd', { mode: round % 2 === 0 ? 'silent' : 'reset' })
      await world.advance(1_000 + (round % 5) * 900)
      world.heal()
      await world.advance(1_000 + (round % 3) * 1_300)
    }
    for (const node of world.nodes) expect(eventsOf(node, 'member-unreachable')).toEqual([])
  })
})

test('A node that one other alone reaches asks mostly that one, and soon hears of all', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a b c d e f g h i')
  await world.advance(5_000)
  for (const other of 'a b c e f h i'.split(' ')) world.cut('d', other)
  await world.advance(10_000)
  const offers = (): number => world.cluster('d').getState().registry.entries.length
  for (let count = 1; count <= 10; count++) {
    world.cluster('b').registerService(`service ${count}`, '/')
    await world.until(() => offers() === count, 2_500)
  }
  expect(offers()).toBe(10)
})

describe('A path for small packets only', () => {
  /** Both ways, between one host and others. */
  function narrow(world: ClusterWorld, host: string, others: string): void {
    for (const other of others.split(' ')) {
      world.network.blackHole(addressOf(host), addressOf(other), 1_400)
      world.network.blackHole(addressOf(other), addressOf(host), 1_400)
    }
  }

  test('between two of five is a link fault within a minute, told once, and no more', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.advance(5_000)
    narrow(world, 'b', 'd')
    const faults = (): number => eventsOf(world.node('b'), 'link-fault').length
    await world.until(() => faults() > 0, 65_000)
    await world.advance(180_000)
    expect(faults()).toBe(1)
    for (const node of world.nodes) expect(eventsOf(node, 'member-unreachable')).toEqual([])
  })

  test('to a node makes it unreachable, once, until it is as wide as others', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.advance(5_000)
    narrow(world, 'e', 'a b c d')
    const isLost = (): boolean =>
      'a b c d'.split(' ').every((host) => world.unreachable(host) === 'e')
    await world.until(isLost, 70_000)
    await world.advance(180_000)
    expect(isLost()).toBe(true)
    for (const node of world.nodes.slice(0, 4))
      expect(eventsOf(node, 'member-unreachable')).toHaveLength(1)
    world.heal()
    await world.until(() => world.agreed && world.everySees(five), 10_000)
  })

  test('of two nodes makes each unreachable to the other', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    narrow(world, 'a', 'b')
    await world.until(
      () => world.unreachable('a') === 'b' && world.unreachable('b') === 'a',
      70_000,
    )
    await world.advance(180_000)
    expect(eventsOf(world.node('a'), 'member-unreachable')).toHaveLength(1)
  })

  test('does not keep a healed partition from being noticed at once', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    world.partition('a b c', 'd e')
    await world.until(() => world.unreachable('a') === 'd e', 15_000)
    world.heal()
    await world.until(() => world.everySees(five) && world.unreachable('a') === '', 6_500)
  })
})

describe('Poor networks', () => {
  test('300 ms away, with jitter, accuse nobody and let nodes join', async () => {
    await using world = new ClusterWorld()
    const hosts = ['a', 'b', 'c', 'd', 'e']
    for (const from of hosts)
      for (const to of hosts)
        if (from !== to)
          world.network.delay(addressOf(from), addressOf(to), { latencyMs: 150, jitterMs: 100 })
    await world.startAll('a b c d e')
    await world.advance(120_000)
    for (const node of world.nodes) expect(eventsOf(node, 'member-unreachable')).toEqual([])
  })

  test.each(seeds(3))('that lose one write in twenty accuse nobody (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    await world.startAll('a b c d e')
    const hosts = ['a', 'b', 'c', 'd', 'e']
    for (const from of hosts)
      for (const to of hosts)
        if (from !== to) world.network.drop(addressOf(from), addressOf(to), { probability: 0.05 })
    await world.advance(120_000)
    for (const node of world.nodes) expect(eventsOf(node, 'member-unreachable')).toEqual([])
  })

  test('a node reached over a line of 64 kbit/s is not accused', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    for (const other of ['b', 'c', 'd', 'e']) {
      world.network.bandwidth(addressOf('a'), addressOf(other), 8_000)
      world.network.bandwidth(addressOf(other), addressOf('a'), 8_000)
    }
    await world.advance(60_000)
    for (const node of world.nodes) expect(eventsOf(node, 'member-unreachable')).toEqual([])
  })
})

describe('Partitions', () => {
  test.each(seeds(10))(
    'of three and two heal to full agreement, nobody downed (seed %i)',
    async (seed) => {
      await using world = new ClusterWorld(seed)
      await world.startAll('a b c d e')
      await world.advance(seed * 311)
      world.partition('a b c', 'd e', { mode: seed % 2 === 0 ? 'silent' : 'reset' })
      await world.until(
        () => world.unreachable('a') === 'd e' && world.unreachable('e') === 'a b c',
        15_000,
      )
      await world.advance(20_000)
      world.heal()
      await world.until(() => world.agreed && world.everySees(five), 10_000)
      const downed = world.nodes
        .flatMap((node) => memberEvents(node))
        .filter((event) => event.endsWith('.downed'))
      expect(downed).toEqual([])
    },
  )

  test('tell each side of the other, and of everybody again that is reachable', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    world.partition('a b c', 'd e')
    await world.advance(30_000)
    const told = (type: 'member-unreachable' | 'member-reachable', host: string): string[] =>
      eventsOf(world.node(host), type).map(({ member }) => member.address.host)
    for (const host of ['a', 'b', 'c']) {
      expect(told('member-unreachable', host).toSorted()).toEqual(['d', 'e'])
    }
    for (const host of ['d', 'e']) {
      expect(told('member-unreachable', host).toSorted()).toEqual(['a', 'b', 'c'])
    }
    world.heal()
    await world.until(() => world.allUp(5), 10_000)
    await world.advance(10_000)
    // Until all have taken back what they said, the one side may hear the other's verdict on itself.
    for (const { host } of world.nodes) {
      expect(told('member-reachable', host).toSorted()).toEqual(
        told('member-unreachable', host).toSorted(),
      )
    }
  })

  test('let each side have a leader, and neither act', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    world.partition('a b', 'c d e')
    await world.until(() => world.unreachable('c') === 'a b', 15_000)
    await world.start('e', { seedNodes: ['c:1'] })
    await world.advance(5_000)
    expect(world.cluster('a').explain().leader).toBe(world.cluster('a').self.key)
    expect(world.cluster('c').explain().leader).toBe(world.cluster('c').self.key)
    expect(world.view('c')).not.toContain('e.up')
  })

  test('let nodes join both sides as weakly up after 7 s, and up after they heal', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    world.partition('a b', 'c d')
    world.cut('a', 'y')
    world.cut('b', 'y')
    world.cut('c', 'x')
    world.cut('d', 'x')
    world.cut('x', 'y')
    await world.until(() => world.unreachable('c') === 'a b', 15_000)
    await world.start('x', { seedNodes: ['b:1'] })
    await world.start('y', { seedNodes: ['d:1'] })
    await world.until(
      () => world.view('a').includes('x.weakly-up') && world.view('c').includes('y.weakly-up'),
      10_000,
    )
    await world.until(() => world.view('x').includes('x.weakly-up'), 3_000)
    world.heal()
    await world.until(() => world.allUp(6) && world.agreed, 15_000)
    expect(
      new Set(
        world
          .cluster('a')
          .getState()
          .members.map(({ upNumber }) => upNumber),
      ).size,
    ).toBe(6)
  })

  test('an unreachable member blocks convergence, and explain() names it', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const dead = world.cluster('c').self.key
    await world.kill('c')
    await world.until(() => world.unreachable('a') === 'c', 5_000)
    await world.start('d')
    await world.advance(3_000)
    const told = world.cluster('a').explain()
    expect(told.converged).toBe(false)
    expect(told.blockers).toContainEqual({ node: dead, why: 'unreachable' })
    expect(told.summary).toContain(`${dead} is unreachable`)
    expect(told.suspicions).toMatchObject([{ subject: dead, unreachable: true }])
    expect(world.view('a')).toContain('d.joining')
  })

  test('a member that is downed lets joiners up', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    await world.kill('c')
    await world.start('d')
    await world.advance(9_000)
    expect(world.view('a')).toContain('d.weakly-up')
    world.cluster('b').down(world.cluster('b').resolveNode('c:1')?.node ?? world.cluster('b').self)
    await world.until(() => world.everySees('a.up b.up d.up'), 5_000)
  })

  test.each(seeds(5))(
    'of any shape, coming and going, leave one agreed cluster (seed %i)',
    async (seed) => {
      await using world = new ClusterWorld(seed)
      await world.startAll('a b c d e')
      const hosts = ['a', 'b', 'c', 'd', 'e']
      for (let round = 0; round < 6; round++) {
        for (const [index, from] of hosts.entries())
          for (const to of hosts.slice(index + 1))
            if ((index * 7 + round * 13 + seed * 5 + to.charCodeAt(0)) % 3 === 0)
              world.cut(from, to)
        await world.advance(6_000)
        world.heal()
        await world.advance(1_500)
      }
      await world.until(() => world.agreed && world.everySees(five), 20_000)
    },
  )
})
