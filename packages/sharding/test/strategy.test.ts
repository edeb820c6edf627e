import { NodeIdentity } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leastShards, type Host } from '@casty/sharding'

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
