import { describe, expect, test } from 'vitest'
import type { NodeIdentity } from '@casty/transport'
import { ClusterWorld } from './cluster-world.ts'

/** `'printer@b:/p'` for every service that a node sees. */
function services(world: ClusterWorld, host: string): string {
  return world
    .cluster(host)
    .getState()
    .services.map(({ key, node, path }) => `${key}@${node.address.host}:${path}`)
    .join(' ')
}

function tableOf(
  count: number,
  primary: NodeIdentity,
): Map<number, { primary: NodeIdentity; replicas: [] }> {
  return new Map(Array.from({ length: count }, (_, shard) => [shard, { primary, replicas: [] }]))
}

describe('Services', () => {
  test('are seen by every member soon after they are registered', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    await world.advance(5_000)
    world.cluster('b').registerService('printer', '/p')
    const isSeen = (): boolean => world.nodes.every(({ host }) => services(world, host) !== '')
    expect(await world.until(isSeen, 5_000)).toBeLessThanOrEqual(1_000)
    expect(services(world, 'e')).toBe('printer@b:/p')
  })

  test('go everywhere when they are withdrawn', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const first = world.cluster('b').registerService('printer', '/p')
    world.cluster('b').registerService('printer', '/q')
    await world.until(() => services(world, 'c') === 'printer@b:/p printer@b:/q', 5_000)
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    await world.until(
      () => world.nodes.every(({ host }) => services(world, host) === 'printer@b:/q'),
      5_000,
    )
  })

  test('of a node go with it', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    world.cluster('c').registerService('printer', '/p')
    world.cluster('b').registerService('scanner', '/s')
    await world.until(() => services(world, 'a') === 'printer@c:/p scanner@b:/s', 5_000)
    await world.settled(world.cluster('c').leave())
    await world.until(() => services(world, 'a') === 'scanner@b:/s', 5_000)
  })

  test('are told to whoever joins later', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    world.cluster('b').registerService('printer', '/p')
    await world.advance(3_000)
    await world.start('c')
    const isSeen = (): boolean => services(world, 'c') === 'printer@b:/p'
    expect(await world.until(isSeen, 5_000)).toBeLessThanOrEqual(2_000)
  })

  test('of an earlier life are not taken for those of the next', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    world.cluster('c').registerService('printer', '/old')
    await world.until(() => services(world, 'a') !== '', 5_000)
    await world.kill('c')
    await world.start('c', { wallOffsetMs: 1 })
    world.cluster('c').registerService('printer', '/new')
    await world.until(
      () => world.nodes.every(({ host }) => services(world, host) === 'printer@c:/new'),
      5_000,
    )
  })

  test('registered before the node was admitted are seen once it is', async () => {
    await using world = new ClusterWorld()
    const { cluster } = await world.start('b')
    cluster.registerService('printer', '/p')
    await world.start('a')
    await world.until(() => world.allUp(2), 5_000)
    await world.advance(3_000)
    expect(services(world, 'a')).toBe('printer@b:/p')
  })
})

describe('Shard tables', () => {
  test('of a higher epoch replace lower ones everywhere', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const [a, b] = [world.cluster('a'), world.cluster('b')]
    a.publishAllocations('t', tableOf(4, a.self), 1)
    await world.advance(2_000)
    b.publishAllocations('t', tableOf(4, b.self), 2)
    a.publishAllocations('t', tableOf(8, a.self), 1)
    await world.advance(2_000)
    for (const { cluster } of world.nodes) {
      expect(cluster.getState().shardAllocations.get('t')?.get(0)?.primary.key).toBe(b.self.key)
    }
  })

  test('of one type do not make those of another look old', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const a = world.cluster('a')
    a.publishAllocations('many', tableOf(2, a.self), 900)
    a.publishAllocations('few', tableOf(1, a.self), 1)
    await world.advance(2_000)
    const { shardAllocations, allocationEpoch } = world.cluster('b').getState()
    expect([...shardAllocations.keys()].toSorted()).toEqual(['few', 'many'])
    expect(allocationEpoch).toBe(900)
  })

  test('of one epoch by two authors end alike on all nodes', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    for (const host of ['b', 'd', 'a']) {
      const { cluster } = world.node(host)
      cluster.publishAllocations('t', tableOf(2, cluster.self), 5)
    }
    await world.advance(3_000)
    const primaries = world.nodes.map(
      ({ cluster }) => cluster.getState().shardAllocations.get('t')?.get(0)?.primary.key,
    )
    expect(new Set(primaries).size).toBe(1)
  })

  test('of ten thousand shards arrive whole', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const a = world.cluster('a')
    a.publishAllocations('t', tableOf(10_000, a.self), 1)
    await world.until(
      () => world.cluster('b').getState().shardAllocations.get('t')?.size === 10_000,
      5_000,
    )
  })

  test('do not travel again while nothing changes', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const a = world.cluster('a')
    a.publishAllocations('t', tableOf(10_000, a.self), 1)
    await world.advance(5_000)
    const before = a.metrics().bytesSent
    await world.advance(60_000)
    expect(a.metrics().bytesSent - before).toBeLessThan(10_000)
  })
})
