// Where shards are, and what the regions of all members hold.
import { Behaviors } from '@casty/actor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EntityType, RegionFigures } from '@casty/sharding'
import {
  decodeStatistics,
  encodeStatistics,
  statisticsFrameType,
  type StatisticsMessage,
} from '../src/statistics/statistics-frames.ts'
import { ShardingWorld } from './sharding-world.ts'

const hourMs = 3_600_000

const quiet = (name = 'quiet', numShards = 6): EntityType<string> => ({
  name,
  numShards,
  entity: ({ handOver }) => {
    handOver(() => undefined)
    return Behaviors.receiveMessage(() => {})
  },
})

function isHome(world: ShardingWorld, name = 'quiet'): boolean {
  return world.nodes.every(({ sharding }) => {
    const region = sharding.regions.find(({ type }) => type === name)
    return region !== undefined && region.allocations().size === region.numShards
  })
}

describe('statistics of the cluster', () => {
  test('are those of the regions of all members, as each tells them', async () => {
    await using world = await ShardingWorld.of('a b c')
    const regions = world.startType(quiet())
    await world.until(() => isHome(world))
    for (let id = 0; id < 30; id++) regions.get('a')?.tell(`e${id}`, 'hello')
    const delivered = (): number =>
      [...regions.values()].reduce((sum, region) => sum + region.statistics().delivered, 0)
    await world.until(() => delivered() === 30) // Until all have their lease.
    const { sharding } = world.node('b')
    const { nodes, missing } = await world.settled(sharding.statistics())
    expect(missing).toEqual([])
    expect([...nodes.keys()]).toEqual(world.nodes.map(({ cluster }) => cluster.self.key))
    const own = world.nodes.map(({ sharding: { regions: all } }) =>
      all.map((region) => {
        const { replication: _, ...figures } = region.statistics()
        return figures
      }),
    )
    expect([...nodes.values()]).toEqual(own)
    const total = (of: (figures: RegionFigures) => number): number =>
      [...nodes.values()].flat().reduce((sum, figures) => sum + of(figures), 0)
    expect([total(({ shards }) => shards), total(({ entities }) => entities)]).toEqual([6, 30])
    expect(total(({ delivered }) => delivered)).toBe(30)
  })

  test('are whole however many types there are', async () => {
    await using world = await ShardingWorld.of('a b')
    const names = Array.from({ length: 70 }, (_, index) => `type-${index}`)
    for (const name of names) world.startType(quiet(name, 1))
    const { nodes } = await world.settled(world.node('a').sharding.statistics())
    for (const regions of nodes.values()) expect(regions.map(({ type }) => type)).toEqual(names)
  })

  test('name the members that do not tell in time', async () => {
    await using world = await ShardingWorld.of('a b c')
    world.startType(quiet())
    world.node('c').sharding[Symbol.dispose]()
    const asked = world.node('a').sharding.statistics({ timeoutMs: 500 })
    const { nodes, missing } = await world.settled(asked)
    expect([...nodes.keys()]).toEqual(['a', 'b'].map((host) => world.node(host).cluster.self.key))
    expect(missing).toEqual([{ node: world.node('c').cluster.self, reason: 'silent' }])
  })

  test('wait for nobody whose process is gone', async () => {
    await using world = await ShardingWorld.of('a b c')
    const { self } = world.node('c').cluster
    const asked = world.node('a').sharding.statistics({ timeoutMs: hourMs })
    await world.kill('c')
    const { nodes, missing } = await world.settled(asked)
    expect([...nodes.keys()]).toEqual(world.nodes.map(({ cluster }) => cluster.self.key))
    expect(missing).toEqual([{ node: self, reason: 'lost' }])
  })

  test('wait for nobody who is out of reach', async () => {
    await using world = await ShardingWorld.of('a b c d')
    const [a, c] = [world.node('a'), world.node('c')]
    // It hears nothing from then on, which shows in a while.
    const asked = a.sharding.statistics({ timeoutMs: hourMs })
    const others = world.nodes.filter(({ host }) => host !== 'c').map(({ address }) => address)
    world.network.partition([c.address], others)
    const during = await world.settled(asked, 60_000)
    expect(during.missing).toMatchObject([{ node: c.cluster.self }])
    await world.until(
      () =>
        a.cluster.getState().unreachable.size > 0 &&
        !a.cluster.endpoint.isConnected(c.cluster.self, 'data'),
    )
    const before = world.clock.now()
    const after = await world.settled(a.sharding.statistics({ timeoutMs: hourMs }))
    expect(after.missing).toEqual([{ node: c.cluster.self, reason: 'unreachable' }])
    expect(world.clock.now() - before).toBeLessThan(1_000)
  })

  test('wait for nobody who is no member any more', async () => {
    await using world = await ShardingWorld.of('a b c')
    const { self } = world.node('c').cluster
    world.node('c').sharding[Symbol.dispose]() // Its node would tell, and does not.
    const asked = world.node('a').sharding.statistics({ timeoutMs: hourMs })
    await world.leave('c')
    const { missing } = await world.settled(asked)
    expect(missing).toEqual([{ node: self, reason: 'gone' }])
  })

  test('wait for nobody to whom the question could not be sent', async () => {
    await using world = await ShardingWorld.of('a b')
    const [a, b] = [world.node('a'), world.node('b')]
    const { endpoint } = a.cluster
    world.network.cut(a.address, b.address, { mode: 'silent' })
    for (const sizeBytes of [1_000_000, 1_000, 1]) {
      const filling = new Uint8Array(sizeBytes)
      while (endpoint.send(b.cluster.self, 'data', 200, filling) !== 'dropped');
    }
    const { nodes, missing } = await world.settled(a.sharding.statistics({ timeoutMs: hourMs }))
    expect([...nodes.keys()]).toEqual([a.cluster.self.key])
    expect(missing).toEqual([{ node: b.cluster.self, reason: 'not-sent' }])
  })

  test('take no more of a member than it can have: it is missing, and what it tells beyond that is malformed', async () => {
    await using world = await ShardingWorld.of('a b')
    world.startType(quiet())
    const { cluster, sharding } = world.node('b')
    sharding[Symbol.dispose]()
    const asked = world.node('a').sharding.statistics({ timeoutMs: 2_000 })
    const [own] = world.node('a').sharding.regions.map((region) => region.statistics())
    const regions = own ? Array.from({ length: 1_000 }, () => own) : []
    const piece = encodeStatistics({ type: 'told', token: 1, regions, isLast: false })
    const to = world.node('a').cluster.self
    for (let count = 0; count < 10; count++) {
      cluster.endpoint.send(to, 'data', statisticsFrameType, piece)
    }
    const last = encodeStatistics({ type: 'told', token: 1, regions: [], isLast: true })
    cluster.endpoint.send(to, 'data', statisticsFrameType, last)
    const { missing } = await world.settled(asked)
    expect(missing).toEqual([{ node: cluster.self, reason: 'malformed' }])
    expect(world.node('a').cluster.endpoint.counters().dropped.malformed).toBeGreaterThan(0)
  })

  test('end by their signal, and with the sharding of their node', async () => {
    await using world = await ShardingWorld.of('a b')
    world.node('b').sharding[Symbol.dispose]()
    const { sharding } = world.node('a')
    const controller = new AbortController()
    const aborted = sharding.statistics({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    const stopped = sharding.statistics()
    sharding[Symbol.dispose]()
    for (const asked of [stopped, sharding.statistics()]) {
      await expect(asked).rejects.toThrow(
        expect.objectContaining({ code: 'CASTY_SHARDING_STOPPED' }),
      )
    }
  })

  test.each<[object, string]>([
    [{ timeoutMs: 0 }, 'Option timeoutMs is 0; allowed is a number of milliseconds above 0.'],
    [{ timeout: 1 }, 'Option statistics().timeout is not known; allowed is timeoutMs.'],
  ])('refuse %j', async (options, message) => {
    await using world = await ShardingWorld.of('a')
    await expect(world.node('a').sharding.statistics(options)).rejects.toThrow(
      expect.objectContaining({ code: 'CASTY_SHARDING_INVALID_OPTION', message }),
    )
  })
})

describe('a word about statistics', () => {
  const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  const figures: fc.Arbitrary<RegionFigures> = fc.record({
    type: fc.string({ maxLength: 20 }),
    shards: count,
    entities: count,
    waiting: count,
    delivered: count,
    sent: count,
    received: count,
    sentBack: count,
    cameBack: count,
    started: count,
    passivated: count,
    handedOver: count,
    forced: count,
    leftBehind: count,
    dropped: fc.record({ overdue: count, 'not-sent': count }, { requiredKeys: [] }),
  })
  const messages: fc.Arbitrary<StatisticsMessage> = fc.oneof(
    fc.record({ type: fc.constant('ask' as const), token: count }),
    fc.record({
      type: fc.constant('told' as const),
      token: count,
      regions: fc.array(figures, { maxLength: 5 }),
      isLast: fc.boolean(),
    }),
  )

  test('reads as it was written', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeStatistics(encodeStatistics(message))).toEqual(message)
      }),
    )
  })

  test('of arbitrary bytes is refused as malformed, or read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decodeStatistics(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'CASTY_TRANSPORT_MALFORMED' })
        }
      }),
    )
  })
})

describe('allocations', () => {
  test('are the same instance also while nobody has a shard of the type', async () => {
    await using world = await ShardingWorld.of('a b')
    const region = world.startType(quiet()).get('b')
    if (!region) throw new Error('No region')
    const before = region.allocations()
    expect(before.size).toBe(0)
    expect(region.allocations()).toBe(before)
  })

  test('tell of each shard which node has it, on all nodes alike, and change as it moves', async () => {
    await using world = await ShardingWorld.of('a b c')
    world.startType(quiet())
    await world.until(() => isHome(world))
    const [region, other] = ['a', 'b'].map((host) => world.node(host).sharding.regions[0])
    if (!region || !other) throw new Error('No region')
    const before = region.allocations()
    expect(before).toEqual(other.allocations())
    expect(region.allocations()).toBe(before)
    for (const [shard, { primary, replicas }] of before) {
      expect([String(primary), replicas]).toEqual([region.explain(shard).owner, []])
    }
    const leaver = world.node('c').cluster.self
    await world.leave('c')
    await world.until(() => isHome(world))
    const owners = [...region.allocations().values()].map(({ primary }) => primary.key)
    expect(owners).not.toContain(leaver.key)
    expect(owners).toHaveLength(6)
  })

  test('name those that keep copies', async () => {
    await using world = await ShardingWorld.of('a b c')
    world.startType<string>({ ...quiet(), replication: { replicas: 1 } })
    await world.until(() => isHome(world))
    for (const { sharding } of world.nodes) {
      for (const { primary, replicas } of sharding.regions[0]?.allocations().values() ?? []) {
        expect(replicas).toHaveLength(1)
        expect(replicas.map(({ key }) => key)).not.toContain(primary.key)
      }
    }
  })

  test('are in the state of the cluster, which stays the same instance while nothing changes', async () => {
    await using world = await ShardingWorld.of('a b')
    const { sharding, cluster } = world.node('a')
    expect(sharding.getClusterState().shardAllocations.size).toBe(0)
    world.startType(quiet())
    await world.until(() => isHome(world))
    const state = sharding.getClusterState()
    expect(state.shardAllocations.get('quiet')).toBe(sharding.regions[0]?.allocations())
    expect(state.allocationEpoch).toBe(
      Math.max(
        ...[...Array(6).keys()].map((shard) => sharding.regions[0]?.explain(shard).epoch ?? 0),
      ),
    )
    expect(state.members).toEqual(cluster.getState().members)
    expect(sharding.getClusterState()).toBe(state)
    const there = world.node('b').sharding.getClusterState()
    expect(there.allocations.digest).toBe(state.allocations.digest)
  })
})
