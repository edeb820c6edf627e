import { expect, test } from 'vitest'
import { World } from './world.ts'

test('a node alone has all shards at once', () => {
  const world = new World({ seed: 1, lossShare: 0, slowShare: 0 })
  const node = world.start('a')
  world.run(1_000)
  expect(world.invariants.violations).toEqual([])
  expect([...Array(12).keys()].filter((shard) => node.runs(shard, world.now))).toHaveLength(12)
})

test('three nodes share the shards', () => {
  const world = new World({ seed: 1, lossShare: 0, slowShare: 0 })
  const nodes = ['a', 'b', 'c'].map((name) => world.start(name))
  world.run(5_000)
  expect(world.invariants.violations).toEqual([])
  const counts = nodes.map(
    (node) => [...Array(12).keys()].filter((shard) => node.runs(shard, world.now)).length,
  )
  expect(counts).toEqual([4, 4, 4])
})
