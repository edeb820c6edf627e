import { describe, expect, test } from 'vitest'
import { ClusterWorld, seeds } from './cluster-world.ts'
import { dcOf, isolate, startCenters, startIn, statusesSeen } from './dc-world.ts'
import { eventsOf } from './world-events.ts'

const twoOfThree = 'a1 a2 a3 b1 b2 b3'

function leaderSeenBy(world: ClusterWorld, host: string): string | undefined {
  return world.cluster(host).getState().leader?.address.host
}

/** Whom a node finds unreachable, of one data center: `'b1 b2'`. */
function unreachableIn(world: ClusterWorld, host: string, dc: string): string {
  const found = world.unreachable(host).split(' ')
  return found.filter((other) => dcOf(other) === dc).join(' ')
}

function statusOf(world: ClusterWorld, host: string): string | undefined {
  return world.cluster(host).selfMember?.status
}

describe('Two data centers of three', () => {
  test('have a leader each, and count ages for themselves', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree)
    for (const { host, cluster } of world.nodes) {
      expect(leaderSeenBy(world, host)).toBe(`${dcOf(host)}1`)
      expect(cluster.getState().isConverged).toBe(true)
      expect(cluster.getState().members.map(({ upNumber }) => upNumber)).toEqual([1, 2, 3, 1, 2, 3])
    }
  })

  test('are explained one by one: leader, convergence, envoys', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree)
    const keys = (...hosts: readonly string[]): readonly string[] =>
      hosts.map((host) => world.cluster(host).self.key)
    expect(world.cluster('b2').explain().dataCenters).toEqual(
      ['a', 'b'].map((name) => ({
        name,
        members: 3,
        leader: keys(`${name}1`)[0],
        converged: true,
        unreachable: [],
        unreachableAcross: [],
        envoys: keys(`${name}1`, `${name}2`, `${name}3`),
      })),
    )
  })

  test.each(seeds(5))('take a newcomer in wherever it asks (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    await startCenters(world, twoOfThree)
    await startIn(world, 'b4', { seedNodes: ['a2:1'] })
    await startIn(world, 'a4', { seedNodes: ['b2:1'] })
    await world.until(() => world.allUp(8) && world.agreed, 10_000)
    expect(leaderSeenBy(world, 'b4')).toBe('b1')
    expect(leaderSeenBy(world, 'a4')).toBe('a1')
  })

  test('know in the one of a crash in the other, and go on without', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree)
    await world.advance(5_000)
    await world.kill('a2')
    const took = await world.until(
      () => world.nodes.every(({ host }) => world.unreachable(host) === 'a2'),
      10_000,
    )
    expect(took).toBeLessThanOrEqual(1_000)
    await world.advance(2_000)
    const told = world.cluster('b1').explain().dataCenters
    expect(told.map(({ name, converged }) => [name, converged])).toEqual([
      ['a', false],
      ['b', true],
    ])
    await startIn(world, 'b4')
    await world.until(() => world.view('b1').includes('b4.up'), 5_000)
    expect(world.cluster('a1').explain().converged).toBe(false)
  })

  test('know of a silent death of an envoy and of others alike', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree, { crossDc: { connections: 1 } })
    await world.advance(5_000)
    await world.vanish('a1')
    await world.vanish('a3')
    const isSeen = (): boolean =>
      world.nodes.every(({ host }) => world.unreachable(host) === 'a1 a3')
    expect(await world.until(isSeen, 30_000)).toBeLessThanOrEqual(20_000)
  })

  test('remove whom one of them downs, as soon as its own data center can', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree)
    const victim = world.cluster('b3').self
    await world.kill('b3')
    world.cluster('a2').down(victim)
    await world.until(() => world.everySees('a1.up a2.up a3.up b1.up b2.up'), 10_000)
    await world.until(() => world.agreed, 10_000)
  })
})

describe('A cut between two data centers', () => {
  async function cutWorld(seed: number): Promise<ClusterWorld> {
    const world = new ClusterWorld(seed)
    await startCenters(world, twoOfThree)
    await world.advance(2_000 + seed * 137)
    isolate(world, 'a', 'a4 b4')
    await world.advance(20_000)
    return world
  }

  test('makes nobody unreachable inside either, and the other as a whole across', async () => {
    await using world = await cutWorld(1)
    for (const { host } of world.nodes) {
      const [inside, outside] = dcOf(host) === 'a' ? ['a', 'b'] : ['b', 'a']
      expect(unreachableIn(world, host, inside)).toBe('')
      expect(unreachableIn(world, host, outside)).toBe(`${outside}1 ${outside}2 ${outside}3`)
      expect(world.cluster(host).getState().isConverged).toBe(true)
    }
    const told = world.cluster('a3').explain()
    expect(told.blockers).toEqual([])
    expect(told.dataCenters.map(({ unreachable }) => unreachable)).toEqual([[], []])
    expect(told.dataCenters[0]?.unreachableAcross).toEqual(
      ['b1', 'b2', 'b3'].map((host) => world.cluster(host).self.key),
    )
    expect(told.suspicions.map(({ subject, needed }) => [subject.slice(0, 2), needed])).toEqual([
      ['b1', 2],
      ['b2', 2],
      ['b3', 2],
    ])
  })

  test('is told after the interval and the pause that the settings say', async () => {
    await using world = new ClusterWorld()
    const crossDc = { heartbeatIntervalMs: 1_000, acceptablePauseMs: 4_000 }
    await startCenters(world, twoOfThree, { crossDc })
    await world.advance(5_000)
    isolate(world, 'a')
    const took = await world.until(() => world.unreachable('a3') === 'b1 b2 b3', 30_000)
    expect(took).toBeGreaterThanOrEqual(4_000)
    expect(took).toBeLessThanOrEqual(7_500) // Interval and pause, probes of a second, and news of it.
  })

  test.each(seeds(5))('lets both sides go on joining and leaving (seed %i)', async (seed) => {
    await using world = await cutWorld(seed)
    await startIn(world, 'a4')
    await startIn(world, 'b4', { seedNodes: ['b1:1'] })
    const isUp = (host: string): boolean => world.view(host).includes(`${dcOf(host)}4.up`)
    expect(await world.until(() => isUp('a1') && isUp('b1'), 5_000)).toBeLessThanOrEqual(1_000)
    expect(await world.settled(world.cluster('b1').leave())).toBe('left')
    expect(leaderSeenBy(world, 'b4')).toBe('b2')
    await world.until(
      () => statusesSeen(world, 'b', 'b').every((view) => view === 'b2.up b3.up b4.up'),
      5_000,
    )
    expect(new Set(statusesSeen(world, 'a', 'b'))).toEqual(new Set(['b1.up b2.up b3.up']))
  })

  test.each(seeds(10))('heals to views that are equal again (seed %i)', async (seed) => {
    await using world = await cutWorld(seed)
    await startIn(world, 'a4')
    await startIn(world, 'b4', { seedNodes: ['b1:1'] })
    await world.advance(3_000)
    await world.settled(world.cluster('a1').leave())
    world.cluster('b2').down(world.cluster('b3').self)
    await world.advance(8_000)
    world.heal()
    const took = await world.until(() => world.agreed && world.allUp(6), 30_000)
    expect(took).toBeLessThanOrEqual(10_000) // A heartbeat across, and some rounds of gossip.
    expect(world.view('a2').split(' | ')[0]).toBe('a2.up a3.up a4.up b1.up b2.up b4.up')
    const downed = world.nodes.flatMap((node) => eventsOf(node, 'member-downed'))
    expect(new Set(downed.map(({ member }) => member.address.host))).toEqual(new Set(['b3']))
  })

  test.each(['killed', 'left'].flatMap((how) => seeds(5).map((seed) => [how, seed] as const)))(
    'in which all nodes %s and were started anew, one after another, heals all the same (seed %i)',
    async (how, seed) => {
      await using world = new ClusterWorld(seed)
      await startCenters(world, 'a1 a2 b1 b2')
      isolate(world, 'a')
      for (const host of ['a1', 'b1', 'a2', 'b2']) {
        if (how === 'killed') await world.kill(host)
        else await world.settled(world.cluster(host).leave())
        await startIn(world, host, { seedNodes: ['a1:1', 'a2:1', 'b1:1', 'b2:1'] })
        await world.until(() => statusOf(world, host) === 'up', 20_000)
      }
      world.heal()
      await world.until(() => world.allUp(4) && world.agreed, 60_000)
    },
  )

  test('is told by the events of each node, and so is its end', async () => {
    await using world = await cutWorld(1)
    world.heal()
    await world.until(() => world.allUp(6) && world.agreed, 30_000)
    for (const node of world.nodes) {
      const others = dcOf(node.host) === 'a' ? ['b1', 'b2', 'b3'] : ['a1', 'a2', 'a3']
      for (const type of ['member-unreachable', 'member-reachable'] as const) {
        const told = eventsOf(node, type).map(({ member }) => member.address.host)
        expect(new Set(told)).toEqual(new Set(others))
      }
      expect(eventsOf(node, 'leader-changed').length).toBeLessThanOrEqual(2)
    }
  })

  test('of one pair of envoys is a fault of their link, and nobody is unreachable', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree)
    await world.advance(5_000)
    world.cut('a1', 'b1')
    await world.advance(60_000)
    for (const node of world.nodes) expect(eventsOf(node, 'member-unreachable')).toEqual([])
    expect(eventsOf(world.node('a1'), 'link-fault')).toMatchObject([
      { subject: { address: { host: 'b1' } } },
    ])
  })
})

describe('A third data center', () => {
  test.each(seeds(5))('joins, and gets one order of age (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    await startCenters(world, twoOfThree)
    for (const [host, seedNodes] of [
      ['c2', ['a1:1']],
      ['c1', ['b1:1']],
      ['c3', ['a2:1', 'b2:1']],
    ] as const)
      await startIn(world, host, { seedNodes })
    expect(await world.until(() => world.allUp(9) && world.agreed, 30_000)).toBeLessThan(15_000)
    for (const { cluster } of world.nodes) {
      const ages = cluster.getState().members.slice(6)
      expect(new Set(ages.map(({ upNumber }) => upNumber))).toEqual(new Set([1, 2, 3]))
    }
  })

  test('has no member up until everybody everywhere knows of it', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree)
    isolate(world, 'b', 'c1 c2')
    await startIn(world, 'c1')
    await world.advance(5_000)
    expect(world.view('c1')).toContain('c1.joining')
    expect(world.cluster('c1').explain().blockers).toEqual(
      ['b1', 'b2', 'b3'].map((host) => ({ node: world.cluster(host).self.key, why: 'not-seen' })),
    )
    await world.advance(5_000)
    expect(world.view('c1')).toContain('c1.weakly-up')
    world.heal()
    await world.until(() => world.allUp(7) && world.agreed, 30_000)
  })

  test.each(seeds(5))(
    'joined from both sides of a cut is numbered once, after it (seed %i)',
    async (seed) => {
      await using world = new ClusterWorld(seed)
      await startCenters(world, twoOfThree)
      isolate(world, 'a', 'c1 c2')
      world.heal('a1', 'c1')
      for (const host of ['a2', 'a3']) world.heal(host, 'c1')
      for (const host of ['b1', 'b2', 'b3', 'c2']) world.cut(host, 'c1')
      await startIn(world, 'c1')
      await startIn(world, 'c2', { seedNodes: ['b1:1'] })
      await world.advance(20_000)
      expect(world.view('a1')).toContain('c1.weakly-up')
      expect(world.view('b1')).toContain('c2.weakly-up')
      world.heal()
      await world.until(() => world.allUp(8) && world.agreed, 30_000)
      const ages = world.cluster('a1').getState().members.slice(6)
      expect(new Set(ages.map(({ upNumber }) => upNumber))).toEqual(new Set([1, 2]))
    },
  )
})

describe('The end of a data center', () => {
  test('that leaves node by node is known to the others, its last one too', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, 'a1 a2 a3 b1 b2')
    for (const host of ['b1', 'b2']) {
      expect(await world.settled(world.cluster(host).leave())).toBe('left')
    }
    await world.until(() => world.everySees('a1.up a2.up a3.up'), 2_000)
    await world.until(() => world.agreed, 5_000)
  })

  test('that went silent while its last member was exiting is noticed by the others', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, 'a1 a2 a3 b1')
    world.cluster('b1').beforeExit(async () => await new Promise(() => undefined))
    const left = world.cluster('b1').leave()
    left.catch(() => undefined)
    await world.until(() => world.view('a1').includes('b1.exiting'), 5_000)
    await world.vanish('b1')
    await world.until(() => world.everySees('a1.up a2.up a3.up'), 30_000)
  })

  test('that is downed as a whole leaves nobody behind', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree)
    const gone = ['b1', 'b2', 'b3'].map((host) => world.cluster(host).self)
    for (const host of ['b1', 'b2', 'b3']) await world.kill(host)
    await world.advance(3_000)
    for (const node of gone) world.cluster('a2').down(node)
    await world.until(() => world.everySees('a1.up a2.up a3.up') && world.agreed, 5_000)
  })

  test('that is only out of reach removes nobody of it', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, twoOfThree)
    isolate(world, 'b')
    await world.advance(20_000)
    world.cluster('a1').down(world.cluster('b1').self)
    await world.advance(20_000)
    expect(new Set(statusesSeen(world, 'a', 'b'))).toEqual(new Set(['b1.down b2.up b3.up']))
  })
})
