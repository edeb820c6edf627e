import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  drawInteger,
  drawLogarithmic,
  drawOne,
  drawSome,
  forkRandom,
  hostName,
} from '../../src/index.ts'

function draws(seed: number, label: string, count = 4): readonly number[] {
  const random = forkRandom(seed, label)
  return Array.from({ length: count }, () => random())
}

test('a seed and a purpose give the same draws every time', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), (seed, label) => {
      expect(draws(seed, label)).toEqual(draws(seed, label))
    }),
  )
})

test('another purpose gives other draws, and so does another seed', () => {
  const seeds = Array.from({ length: 500 }, (_, seed) => seed)
  const all = seeds.flatMap((seed) => [...draws(seed, 'network', 1), ...draws(seed, 'plan', 1)])
  expect(new Set(all).size).toBe(1_000)
})

test('the first draws of neighbouring seeds are spread evenly', () => {
  const tenths = Array.from({ length: 10 }, () => 0)
  for (let seed = 0; seed < 10_000; seed++) {
    const tenth = Math.floor((draws(seed, 'plan', 1)[0] ?? 0) * 10)
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
  }
  for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})

test('whole numbers are drawn with both ends included', () => {
  const random = forkRandom(1, 'dice')
  const thrown = new Set(Array.from({ length: 200 }, () => drawInteger(random, 1, 6)))
  expect(thrown).toEqual(new Set([1, 2, 3, 4, 5, 6]))
})

test('small orders of magnitude are drawn as often as large ones', () => {
  const random = forkRandom(1, 'times')
  const drawn = Array.from({ length: 3_000 }, () => drawLogarithmic(random, 1, 1_000))
  for (const [least, most] of [
    [1, 10],
    [10, 100],
    [100, 1_001],
  ] as const) {
    const share = drawn.filter((value) => value >= least && value < most).length / drawn.length
    expect(share).toBeGreaterThan(0.28)
    expect(share).toBeLessThan(0.39)
  }
})

test('some are drawn without repetition, and no more than there are', () => {
  fc.assert(
    fc.property(fc.integer(), fc.uniqueArray(fc.integer()), fc.nat(20), (seed, values, count) => {
      const drawn = drawSome(forkRandom(seed, 'some'), values, count)
      expect(drawn).toHaveLength(Math.min(count, values.length))
      expect(new Set(drawn).size).toBe(drawn.length)
      expect(values).toEqual(expect.arrayContaining([...drawn]))
    }),
  )
})

test('nothing can be drawn from nothing', () => {
  expect(() => drawOne(forkRandom(1, 'one'), [])).toThrow(RangeError)
})

test('hosts have short names, each its own', () => {
  expect([0, 1, 25, 26, 27, 52].map(hostName)).toEqual(['a', 'b', 'z', 'a1', 'b1', 'a2'])
})
