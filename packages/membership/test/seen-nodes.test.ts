import type { NodeKey } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NodeOrder, SeenNodes } from '../src/seen-nodes.ts'
import { node } from './states.ts'

const keys: readonly NodeKey[] = Array.from({ length: 21 }, (_, index) => node(`n${index}`).key)
const order = new NodeOrder(keys)
const chosen = (): fc.Arbitrary<readonly NodeKey[]> => fc.array(fc.constantFrom(...keys))

test('nodes as bits are the set of them', () => {
  fc.assert(
    fc.property(chosen(), chosen(), (left, right) => {
      const seen = SeenNodes.of(order, left).union(SeenNodes.of(order, right).bits)
      const all = new Set([...left, ...right])
      expect(new Set(seen)).toEqual(all)
      expect(seen.size).toBe(all.size)
      for (const key of keys) expect(seen.has(key)).toBe(all.has(key))
      const missing = [...seen.placesMissing()].map((place) => keys[place])
      expect(missing).toEqual(keys.filter((key) => !all.has(key)))
    }),
  )
})

test('one digest stands for a set, however it came about', () => {
  fc.assert(
    fc.property(chosen(), chosen(), (left, right) => {
      const [one, other] = [SeenNodes.of(order, left), SeenNodes.of(order, right)]
      expect(one.union(other.bits).digest).toBe(other.with(left).digest)
      expect(one.digest === other.digest).toBe([...one].join() === [...other].join())
    }),
  )
})

test('what brings nobody new returns the same instance', () => {
  const seen = SeenNodes.of(order, keys.slice(0, 9))
  expect(seen.union(SeenNodes.of(order, keys.slice(3, 5)).bits)).toBe(seen)
  expect(seen.with([node('a-stranger').key])).toBe(seen)
  expect(seen.hasMoreThan(seen.bits)).toBe(false)
  expect(seen.hasMoreThan(SeenNodes.of(order, keys.slice(0, 8)).bits)).toBe(true)
})

test('bits that stand for nobody are passed by', () => {
  const seen = SeenNodes.of(order, []).union(new Uint8Array(9).fill(0xff))
  expect(seen.size).toBe(keys.length)
  expect([...seen]).toEqual(keys)
  expect(SeenNodes.of(order, keys).union(new Uint8Array(9).fill(0xff)).bits.length).toBe(3)
})
