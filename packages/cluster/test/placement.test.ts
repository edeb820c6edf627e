// Which strategy places what: singletons have their own, whatever the user's is.
import { leastShards, type Host } from '@casty/sharding'
import { NodeIdentity } from '@casty/membership'
import { expect, test } from 'vitest'
import { placing, singletonType } from '../src/system/placement.ts'

const [older, younger]: readonly [Host, Host] = [
  { node: NodeIdentity.parse('b:1#1'), upNumber: 1, shards: [1, 2], total: 2 },
  { node: NodeIdentity.parse('a:1#1'), upNumber: 2, shards: [], total: 0 },
]
const hosts = [younger, older]

test('singletons go to whoever is up longest, and all else as the strategy says', () => {
  const asked: string[] = []
  const strategy = placing({
    ...leastShards,
    rebalance: (typeName) => {
      asked.push(typeName)
      return [{ shard: 1, to: younger.node }]
    },
  })
  expect(strategy.allocate(singletonType('boss'), 0, hosts)).toBe(older.node)
  expect(strategy.allocate('carts', 0, hosts)).toBe(younger.node)
  expect(strategy.rebalance(singletonType('boss'), hosts, 1)).toEqual([])
  expect(strategy.rebalance('carts', hosts, 1)).toEqual([{ shard: 1, to: younger.node }])
  expect(asked).toEqual(['carts'])
})

test('a strategy that wants to be asked again is', () => {
  expect(placing({ ...leastShards, rebalanceIntervalMs: 5_000 }).rebalanceIntervalMs).toBe(5_000)
  expect(placing()).not.toHaveProperty('rebalanceIntervalMs')
})
