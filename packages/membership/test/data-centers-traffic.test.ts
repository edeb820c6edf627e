import { describe, expect, test } from 'vitest'
import { addressOf, ClusterWorld, seeds, type WorldOptions } from './cluster-world.ts'
import { dcOf, isolate, startCenters, startIn, writtenAcross } from './dc-world.ts'

function hostsOf(dc: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${dc}${index + 1}`)
}

async function worldOf(
  counts: Record<string, number>,
  options: WorldOptions = {},
  seed = 1,
): Promise<ClusterWorld> {
  const world = new ClusterWorld(seed)
  const hosts = Object.entries(counts).flatMap(([dc, count]) => hostsOf(dc, count))
  // What was only used to join is closed before long.
  await startCenters(world, hosts.join(' '), { limits: { idleLaneMs: 5_000 }, ...options })
  return world
}

/** Bytes written while time passes: from each host to each of another data center. */
async function writtenDuring(
  world: ClusterWorld,
  ms: number,
): Promise<ReadonlyMap<string, number>> {
  const before = writtenAcross(world)
  await world.advance(ms)
  const grown = [...writtenAcross(world)].map(
    ([link, bytes]) => [link, bytes - (before.get(link) ?? 0)] as const,
  )
  return new Map(grown.filter(([, bytes]) => bytes > 0))
}

/** Pairs of hosts that wrote, whoever of the two did. */
function pairsOf(links: ReadonlyMap<string, number>): ReadonlySet<string> {
  return new Set([...links.keys()].map((link) => link.split('>').toSorted().join(' ')))
}

describe('Traffic between data centers', () => {
  test.each([1, 2, 3])('of eight and seven runs between %i squared pairs', async (connections) => {
    await using world = await worldOf({ a: 8, b: 7 }, { crossDc: { connections } })
    await world.advance(20_000)
    const pairs = pairsOf(await writtenDuring(world, 60_000))
    const expected = hostsOf('a', connections).flatMap((left) =>
      hostsOf('b', connections).map((right) => `${left} ${right}`),
    )
    expect([...pairs].toSorted()).toEqual(expected)
  })

  test('does not grow with the number of members', async () => {
    const sent: number[] = []
    for (const count of [5, 15]) {
      await using world = await worldOf({ a: count, b: count })
      await world.advance(20_000)
      const links = await writtenDuring(world, 60_000)
      sent.push([...links.values()].reduce((sum, bytes) => sum + bytes, 0))
    }
    const [ten = 0, thirty = 0] = sent
    expect(thirty / ten).toBeLessThan(1.1)
    expect(ten / 60).toBeLessThan(3_500) // Bytes a second, over 25 connections.
  })

  test('inside each does not count the other', async () => {
    const perNode: number[] = []
    for (const counts of [{ a: 8 }, { a: 8, b: 8 }]) {
      await using world = await worldOf(counts)
      await world.advance(20_000)
      const inside = (): number =>
        world.network
          .links()
          .filter(({ from, to }) => dcOf(from) === 'a' && dcOf(to) === 'a')
          .reduce((sum, { writtenBytes }) => sum + writtenBytes, 0)
      const before = inside()
      await world.advance(60_000)
      perNode.push((inside() - before) / 8)
    }
    const [alone = 0, beside = 0] = perNode
    expect(beside / alone).toBeLessThan(1.05)
  })

  test('goes on at a fixed pace while they are cut apart', async () => {
    await using world = await worldOf({ a: 8, b: 8 })
    isolate(world, 'a')
    await world.advance(60_000)
    const sent = (): number =>
      world.nodes.reduce(
        (sum, { cluster }) => sum + (cluster.metrics().messagesSent['gossip-status'] ?? 0),
        0,
      )
    const before = sent()
    await world.advance(60_000)
    // At home three a round and second; each of ten envoys knocks at the other side every five seconds.
    expect((sent() - before) / 60).toBeLessThan(16 * 3 * 1.15 + 10 / 5)
  })
})

describe('News', () => {
  test.each(seeds(10))('of one data center is soon in another (seed %i)', async (seed) => {
    await using world = await worldOf({ a: 7, b: 6 }, {}, seed)
    await world.advance(10_000 + seed * 211)
    await startIn(world, 'a8')
    const isKnown = (): boolean => world.view('b6').includes('a8.up')
    expect(await world.until(isKnown, 10_000)).toBeLessThanOrEqual(1_500)
  })

  test.each(seeds(5))('of shards and services passes as well (seed %i)', async (seed) => {
    await using world = await worldOf({ a: 7, b: 6 }, {}, seed)
    await world.advance(10_000 + seed * 211)
    world.cluster('a6').registerService('mail', '/mail')
    const shards = new Map([[1, { primary: world.cluster('a6').self, replicas: [] }]])
    world.cluster('a7').publishAllocations('cart', shards, 3)
    const isKnown = (): boolean => {
      const { services, allocationEpoch } = world.cluster('b6').getState()
      return services.length === 1 && allocationEpoch === 3
    }
    expect(await world.until(isKnown, 10_000)).toBeLessThanOrEqual(2_500)
  })

  test('crosses although the interval is a minute', async () => {
    const options = { gossipIntervalMs: 60_000 }
    await using world = await worldOf({ a: 6, b: 6 }, options)
    await world.advance(5_000)
    await startIn(world, 'b7', { ...options, seedNodes: ['b3:1'] })
    const isKnown = (): boolean => world.view('a6').includes('b7.up')
    expect(await world.until(isKnown, 10_000)).toBeLessThanOrEqual(1_500)
  })

  test('converges in one without waiting for another that is far away', async () => {
    await using world = await worldOf({ a: 5, b: 5 })
    for (const left of hostsOf('a', 8))
      for (const right of hostsOf('b', 5))
        for (const [from, to] of [
          [left, right],
          [right, left],
        ] as const)
          world.network.delay(addressOf(from), addressOf(to), { latencyMs: 2_000 })
    await world.advance(10_000)
    await startIn(world, 'a6')
    const isUp = (): boolean =>
      hostsOf('a', 6).every((host) => {
        const state = world.cluster(host).getState()
        return (
          state.isConverged &&
          state.members.some((m) => m.address.host === 'a6' && m.status === 'up')
        )
      })
    expect(await world.until(isUp, 10_000)).toBeLessThanOrEqual(1_000)
  })
})
