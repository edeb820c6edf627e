import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom, systemRandom, unguessableRandom } from '../src/index.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
fc.configureGlobal({
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 100),
})

test('a seed gives the same sequence every time, on every platform', () => {
  const draw = seededRandom(42)
  expect([draw(), draw(), draw()]).toEqual([
    0.6011037519201636, 0.44829055899754167, 0.8524657934904099,
  ])
})

test('draws lie in [0, 1)', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const draw = seededRandom(seed)
      for (let count = 0; count < 50; count++) {
        const value = draw()
        expect(value >= 0 && value < 1).toBe(true)
      }
    }),
  )
  const value = systemRandom()
  expect(value >= 0 && value < 1).toBe(true)
})

test('draws that nobody can foresee lie in [0, 1), and are of 53 bits', () => {
  const draws = Array.from({ length: 1_000 }, () => unguessableRandom() * 2 ** 53)
  expect(draws.every((draw) => Number.isSafeInteger(draw) && draw >= 0)).toBe(true)
  expect(new Set(draws).size).toBe(1_000)
})

test('draws fall evenly into ten buckets', () => {
  const draw = seededRandom(7)
  const buckets = Array.from({ length: 10 }, () => 0)
  for (let count = 0; count < 100_000; count++) {
    const bucket = Math.floor(draw() * 10)
    buckets[bucket] = (buckets[bucket] ?? 0) + 1
  }
  // Three standard deviations of a fair draw are 285.
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(400)
})

test('neighbouring seeds give unrelated sequences', () => {
  const firsts = Array.from({ length: 1_000 }, (_unused, seed) => seededRandom(seed)())
  expect(new Set(firsts).size).toBe(1_000)
  const below = firsts.filter((value) => value < 0.5).length
  expect(below).toBeGreaterThan(430)
  expect(below).toBeLessThan(570)
})
