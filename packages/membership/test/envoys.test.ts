import { describe, expect, test } from 'vitest'
import { envoysOf, type ClusterState } from '../src/index.ts'
import { counterparts } from '../src/envoys.ts'
import { addressOf, ClusterWorld, seeds } from './cluster-world.ts'
import { dcOf, isolate, startCenters, startIn } from './dc-world.ts'
import { cluster, nameOf, node } from './states.ts'

function envoys(state: ClusterState, dataCenter: string): string {
  return envoysOf(state, dataCenter)
    .map((member) => nameOf(member.node))
    .join(' ')
}

describe('The envoys of a data center', () => {
  test.each([
    ['a.up^3:dc-x b.up^1:dc-x c.up^2:dc-x', 2, 'b c'],
    ['a.up^1:dc-x b.up^2:dc-x z.up^1:dc-y', 5, 'a b'], // Of others nobody is counted.
    ['a.joining:dc-x b.weakly-up:dc-x c.up^9:dc-x', 2, 'c a'], // Those that are not up come last.
    ['a.down^1:dc-x b.exiting^2:dc-x c.leaving^3:dc-x', 5, 'b c'], // The downed have stopped.
    ['a.up^1:dc-x b.up^2:dc-x c.up^3:dc-x | b✗a c✗a', 2, 'b c'], // Whoever died is replaced,
    ['a.up^1:dc-x b.up^2:dc-x c.up^3:dc-x z.up^1:dc-y | z✗a z✗b', 2, 'a b'], // but by its own word only.
    ['a.up^1:dc-x b.up^2:dc-x c.up^3:dc-x | b✗a', 2, 'a b'], // One accuser is not enough.
    ['a.up^1', 5, ''], // There is no such data center.
  ])('of [%s], %i of them, are [%s]', (text, crossDcConnections, expected) => {
    expect(envoys(cluster(text).with({ crossDcConnections }), 'x')).toBe(expected)
  })

  test('have counterparts in every other data center, and nobody else has', () => {
    const state = cluster(
      'a.up^1:dc-x b.up^2:dc-x c.up^3:dc-x e.up^1:dc-y f.up^2:dc-y g.up^1:dc-z',
    ).with({ crossDcConnections: 1 })
    const of = (name: string): readonly string[] =>
      [...counterparts(state, node(name).key)].map(
        ([dataCenter, found]) => `${dataCenter}: ${found.map((one) => nameOf(one.node)).join(' ')}`,
      )
    expect(of('a')).toEqual(['y: e', 'z: g'])
    expect(of('b')).toEqual([])
    expect(of('nobody')).toEqual([])
    expect(counterparts(cluster('a.up^1 b.up^2'), node('a').key).size).toBe(0)
  })
})

/** Whom a node finds unreachable in its own row, of other data centers. */
function accusedAcross(world: ClusterWorld, host: string): string {
  const { self } = world.cluster(host)
  const keys = world.cluster(host).getState().reachability.unreachableFrom(self.key)
  return keys
    .map((key) => key.slice(0, key.indexOf(':')))
    .filter((other) => dcOf(other) !== dcOf(host))
    .join(' ')
}

function watchedAcross(world: ClusterWorld, host: string): string {
  const peers = world
    .cluster(host)
    .explain()
    .watched.map(({ peer }) => peer.slice(0, 2))
  return peers
    .filter((peer) => dcOf(peer) !== dcOf(host))
    .toSorted()
    .join(' ')
}

const two = { crossDc: { connections: 2 } }

describe('When envoys die', () => {
  test.each(seeds(3))('all at once, others take over (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    await startCenters(world, 'a1 a2 a3 a4 a5 b1 b2 b3', two)
    await world.advance(5_000)
    for (const host of ['a1', 'a2']) await world.kill(host)
    await world.until(() => watchedAcross(world, 'b1') === 'a3 a4', 30_000)
    expect(watchedAcross(world, 'a3')).toBe('b1 b2')
    await startIn(world, 'b4', { ...two, seedNodes: ['b1:1'] })
    await world.until(() => world.view('a5').includes('b4.up'), 5_000)
    expect(world.unreachable('b3')).toBe('a1 a2')
  })

  test('without a word, others take over', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, 'a1 a2 a3 a4 b1 b2 b3', two)
    await world.advance(5_000)
    for (const host of ['a1', 'a2']) await world.vanish(host)
    await world.until(() => watchedAcross(world, 'b1') === 'a3 a4', 30_000)
    await world.until(() => world.unreachable('b3') === 'a1 a2', 30_000)
  })

  test('on both sides of a cut, those who are left find each other after it', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, 'a1 a2 a3 a4 b1 b2 b3 b4', { crossDc: { connections: 1 } })
    await world.advance(5_000)
    isolate(world, 'a')
    await world.advance(2_000)
    for (const host of ['a1', 'b1']) await world.kill(host)
    await world.advance(30_000)
    expect(watchedAcross(world, 'a2')).toBe('b1')
    expect(watchedAcross(world, 'b2')).toBe('a1')
    world.heal()
    await world.until(() => watchedAcross(world, 'a2') === 'b2', 60_000)
    const isAgreed = (): boolean => {
      const [first, ...others] = world.nodes.map(({ cluster: one }) => one.getState())
      return first !== undefined && others.every((state) => state.equals(first))
    }
    await world.until(isAgreed, 20_000)
    expect(world.unreachable('a4')).toBe('a1 b1')
  })

  test('and the others say nothing of them any more', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, 'a1 a2 a3 a4 b1 b2 b3', two)
    await world.advance(5_000)
    await world.kill('a1')
    await world.until(() => watchedAcross(world, 'b1') === 'a2 a3', 30_000)
    expect(accusedAcross(world, 'b1')).toBe('')
    expect(accusedAcross(world, 'b2')).toBe('')
    expect(world.unreachable('b3')).toBe('a1') // By the word of its own data center.
  })

  test('whoever is an envoy no longer takes back what it said', async () => {
    await using world = new ClusterWorld()
    await startCenters(world, 'a1 a2 a3 a4 b1 b2 b3', two)
    await world.advance(5_000)
    world.pause('a1') // Now a3 stands in for it,
    await world.until(() => watchedAcross(world, 'a3') === 'b1 b2', 30_000)
    for (const to of ['b1', 'b2', 'b3']) {
      world.network.cut(addressOf('a2'), addressOf(to))
      world.network.cut(addressOf('a3'), addressOf(to))
    }
    await world.until(() => accusedAcross(world, 'a3') === 'b1 b2', 60_000)
    world.resume('a1') // and now it is back.
    await world.until(() => watchedAcross(world, 'a3') === '', 30_000)
    expect(accusedAcross(world, 'a3')).toBe('')
    expect(accusedAcross(world, 'a2')).toBe('b1 b2')
  })
})
