import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LayeredMap } from '../src/layered-map.ts'

const entries = fc.array(fc.tuple(fc.nat(60), fc.nat(3)), { maxLength: 8 })
const steps = fc.array(entries, { maxLength: 40 })

/** Every map on the way, each with what it has to hold. */
function grown(
  all: readonly (readonly (readonly [number, number])[])[],
): readonly (readonly [ReadonlyMap<number, number>, ReadonlyMap<number, number>])[] {
  let [map, model]: [ReadonlyMap<number, number>, ReadonlyMap<number, number>] = [
    new Map(),
    new Map(),
  ]
  return all.map((news) => {
    map = LayeredMap.over(map, news)
    model = new Map([...model, ...news])
    return [map, model] as const
  })
}

test('a layered map holds what a map of its own would hold', () => {
  fc.assert(
    fc.property(steps, (all) => {
      for (const [map, model] of grown(all)) {
        expect(map.size).toBe(model.size)
        expect(new Map(map)).toEqual(model)
        expect([...map.keys()].length).toBe(model.size)
        for (const [key, value] of model)
          expect([map.has(key), map.get(key)]).toEqual([true, value])
        expect(map.has(-1)).toBe(false)
      }
    }),
  )
})

test('between two maps every key that differs is named, unless all have to be looked at', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const maps = grown(all)
      for (const [left, leftModel] of maps) {
        for (const [right, rightModel] of maps) {
          const changed = LayeredMap.changedBetween(left, right)
          if (changed === undefined) continue
          const named = new Set(changed)
          const keys = new Set([...leftModel.keys(), ...rightModel.keys()])
          const differing = [...keys].filter((key) => leftModel.get(key) !== rightModel.get(key))
          expect(differing.every((key) => named.has(key))).toBe(true)
        }
      }
    }),
  )
})

test('a map is not compared whole with one that it came of a moment ago', () => {
  const base = new Map(Array.from({ length: 1_000 }, (_, key) => [key, 0] as const))
  const later = LayeredMap.over(LayeredMap.over(base, [[7, 1]]), [[8, 1]])
  expect([...(LayeredMap.changedBetween(base, later) ?? [])]).toEqual([7, 8])
})
