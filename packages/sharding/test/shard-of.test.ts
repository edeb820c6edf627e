import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shardOf } from '@casty/sharding'

// Part of the wire format: nodes that disagree would have an entity in two shards.
test.each([
  ['', 23, 923],
  ['a', 15, 715],
  ['account-17', 30, 630],
  ['user:42', 90, 890],
  ['ünïcødé', 99, 199],
  ['日本', 35, 135],
  ['🙂', 66, 266],
  ['\ud800x', 21, 921],
])('%j is always in the same shard', (id, ofHundred, ofThousand) => {
  expect(shardOf(id, 100)).toBe(ofHundred)
  expect(shardOf(id, 1_000)).toBe(ofThousand)
})

test('the hash is that of the UTF-8 of the id', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (id) => {
      let hash = 0x811c_9dc5
      for (const byte of new TextEncoder().encode(id)) hash = Math.imul(hash ^ byte, 0x0100_0193)
      hash ^= hash >>> 16
      hash = Math.imul(hash, 0x85eb_ca6b)
      hash ^= hash >>> 13
      hash = Math.imul(hash, 0xc2b2_ae35)
      expect(shardOf(id, 2 ** 32)).toBe((hash ^ (hash >>> 16)) >>> 0)
    }),
  )
})

test('ids that differ in their last digits are spread evenly', () => {
  const counts = Array.from({ length: 64 }, () => 0)
  for (let id = 0; id < 64_000; id++) {
    const shard = shardOf(`order-${id}`, 64)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  // 1,000 each, and six standard deviations of that.
  expect(Math.min(...counts)).toBeGreaterThan(810)
  expect(Math.max(...counts)).toBeLessThan(1_190)
})
