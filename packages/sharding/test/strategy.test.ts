import { Behaviors } from '@casty/actor'
import { NodeIdentity } from '@casty/transport'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leastShards, type AllocationStrategy, type Host, type Move } from '@casty/sharding'
import { guardedStrategy } from '../src/coordinator/guarded-strategy.ts'
import { ShardingWorld } from './sharding-world.ts'

const seed = Number(process.env['CASTY_SEED'] ?? 20_261_121)

/** Hosts that share the shards 0, 1, 2, … as given: how many each has. */
function hosts(counts: readonly number[]): readonly Host[] {
  let next = 0
  return counts.map((count, index) => ({
    node: NodeIdentity.parse(`h${index}:1#1`),
    upNumber: index + 1,
    shards: Array.from({ length: count }, () => next++),
    total: count,
  }))
}

function after(before: readonly Host[], limit: number): readonly number[] {
  const moves = leastShards.rebalance('t', before, limit)
  const moved = new Map(moves.map(({ shard, to }) => [shard, to.key]))
  return before.map(({ node, shards }) => {
    const kept = shards.filter((shard) => !moved.has(shard)).length
    return kept + [...moved.values()].filter((to) => to === node.key).length
  })
}

const counts = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 8 })

test('with all the moves it wants, least shards leaves shares that differ by one at most', () => {
  fc.assert(
    fc.property(counts, (counts) => {
      const shares = after(hosts(counts), 1_000)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(
        counts.reduce((sum, count) => sum + count, 0),
      )
    }),
    { seed },
  )
})

test('least shards moves no more than it must, and no more than it may', () => {
  fc.assert(
    fc.property(counts, fc.nat({ max: 20 }), (counts, limit) => {
      const sum = counts.reduce((sum, count) => sum + count, 0)
      const target = Math.ceil(sum / counts.length)
      const floor = Math.floor(sum / counts.length)
      const surplus = counts.reduce((all, count) => all + Math.max(0, count - target), 0)
      const lack = counts.reduce((all, count) => all + Math.max(0, floor - count), 0)
      const moves = leastShards.rebalance('t', hosts(counts), limit)
      expect(moves.length).toBeLessThanOrEqual(Math.min(limit, Math.max(surplus, lack)))
      expect(new Set(moves.map(({ shard }) => shard)).size).toBe(moves.length)
    }),
    { seed },
  )
})

test('least shards gives a shard to whoever has fewest of its type, of equals to whoever has fewest in all', () => {
  const [one, two, three] = hosts([2, 1, 1]) as [Host, Host, Host]
  expect(leastShards.allocate('t', 9, [one, { ...two, total: 5 }, three])).toBe(three.node)
})

describe('A strategy that fails', () => {
  const fails = (): never => {
    throw new Error('a mistake of its author')
  }

  /** Shards that each node has once all have a home. */
  async function shares(strategy: AllocationStrategy): Promise<readonly number[]> {
    await using world = await ShardingWorld.of('a b', { sharding: { strategy } })
    const type = { numShards: 8, entity: () => Behaviors.ignore }
    for (const name of ['first', 'second']) {
      const regions = world.startType({ ...type, name })
      const shards = (): readonly number[] =>
        [...regions.values()].map((region) => region.statistics().shards)
      await world.until(() => shards().reduce((sum, count) => sum + count, 0) === 8)
      if (name === 'second') return shards()
    }
    return []
  }

  test('to place shards has them placed where fewest are, now and later', async () => {
    expect(await shares({ ...leastShards, allocate: fails })).toEqual([4, 4])
  })

  test.each<[string, (hosts: readonly Host[]) => unknown]>([
    ['the name of a node', () => 'a:1'],
    ['nothing', () => undefined],
    ['a promise', async ([host]) => await Promise.resolve(host?.node)],
    ['a node that is no host', () => NodeIdentity.parse('z:1#1')],
    ['a host for its node', ([host]) => host],
  ])('to place shards, and says %s, has them placed where fewest are', async (_what, say) => {
    const allocate: AllocationStrategy['allocate'] = (_type, _shard, hosts) =>
      say(hosts) as NodeIdentity
    expect(await shares({ ...leastShards, allocate })).toEqual([4, 4])
  })

  test('to name what moves has nothing moved', async () => {
    expect(await shares({ ...leastShards, rebalance: fails })).toEqual([4, 4])
    const nothing = undefined as unknown as readonly Move[]
    expect(await shares({ ...leastShards, rebalance: () => nothing })).toEqual([4, 4])
    const nowhere = [{ shard: 1 }] as unknown as readonly Move[]
    expect(await shares({ ...leastShards, rebalance: () => nowhere })).toEqual([4, 4])
  })

  test('to keep to the hosts that it was offered is told of once, and goes by the fewest', () => {
    const told: string[] = []
    const pinned = NodeIdentity.parse('h0:1#1')
    const strategy = guardedStrategy(
      { ...leastShards, allocate: () => pinned },
      (error, what) => void told.push(`${what}: ${String(error)}`),
    )
    const [one, two] = hosts([0, 3]) as [Host, Host]
    expect(strategy.allocate('t', 1, [one, two])).toBe(one.node) // As this node knows it.
    expect(strategy.allocate('t', 2, [two])).toBe(two.node)
    expect(strategy.allocate('t', 3, [two])).toBe(two.node)
    expect(told).toEqual([
      'allocate() of the allocation strategy failed: ' +
        'TypeError: It chose an object, which is no node of h1:1#1',
    ])
  })
})

test('a strategy that goes by what only it knows is asked again, where it wants to be', async () => {
  let wanted = 'a'
  const pinned = (hosts: readonly Host[]): Host | undefined =>
    hosts.find(({ node }) => node.address.host === wanted)
  const strategy: AllocationStrategy = {
    rebalanceIntervalMs: 5_000,
    allocate: (typeName, shard, hosts) =>
      pinned(hosts)?.node ?? leastShards.allocate(typeName, shard, hosts),
    rebalance(_typeName, hosts) {
      const to = pinned(hosts)?.node
      return hosts.flatMap(({ shards }) => (to ? shards.map((shard) => ({ shard, to })) : []))
    },
  }
  await using world = await ShardingWorld.of('a b', { sharding: { strategy, maxMoving: 4 } })
  const type = { name: 'pinned', numShards: 40, entity: () => Behaviors.ignore }
  const regions = world.startType(type)
  const shards = (): string =>
    [...regions.values()].map((region) => region.statistics().shards).join(' ')
  await world.until(() => shards() === '40 0')
  wanted = 'b'
  expect(await world.until(() => shards() !== '40 0', 10_000)).toBeLessThan(5_500)
  await world.until(() => shards() === '0 40', 5_000)
})
