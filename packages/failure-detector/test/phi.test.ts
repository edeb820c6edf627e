import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { phi, silenceAtPhi } from '../src/index.ts'
import { vectors } from './vectors.ts'

const stats = (): fc.Arbitrary<{ meanMs: number; stdDevMs: number }> =>
  fc.record({
    meanMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
    stdDevMs: fc.double({ min: 0.001, max: 30_000, noNaN: true }),
  })

describe('phi', () => {
  test('is never NaN, never negative and never Infinity before the silence is', () => {
    const silence = fc.double({ min: -1e12, max: 1e12, noNaN: true })
    fc.assert(
      fc.property(silence, stats(), (silentMs, interval) => {
        const suspicion = phi(silentMs, interval)
        expect(Number.isFinite(suspicion)).toBe(true)
        expect(suspicion).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('never falls while the silence lasts', () => {
    const silence = fc.double({ min: 0, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(silence, silence, stats(), (one, other, interval) => {
        const [shorter, longer] = [Math.min(one, other), Math.max(one, other)]
        expect(phi(longer, interval)).toBeGreaterThanOrEqual(phi(shorter, interval))
      }),
    )
  })

  test('tells apart suspicions far beyond where the textbook formula is Infinity', () => {
    const interval = { meanMs: 1_000, stdDevMs: 100 }
    expect(phi(10_000, interval)).toBeGreaterThan(phi(9_000, interval))
    expect(phi(1e12, interval)).toBeLessThan(Number.POSITIVE_INFINITY)
  })

  test('is Infinity for an infinite silence, and a step where there is no deviation', () => {
    expect(phi(Number.POSITIVE_INFINITY, { meanMs: 1_000, stdDevMs: 100 })).toBe(Infinity)
    const regular = { meanMs: 1_000, stdDevMs: 0 }
    expect([phi(999, regular), phi(1_001, regular)]).toEqual([0, Infinity])
    expect(phi(1_000, regular)).toBeCloseTo(Math.log10(2))
  })

  test('is no more than 2e-4 from the normal distribution in probability', () => {
    // Φ at 0, 1, 2, 3 and 4 standard deviations, from a table.
    const table = [0.5, 0.841344746, 0.977249868, 0.998650102, 0.999968329]
    table.forEach((probability, deviations) => {
      const ours = 1 - 10 ** -phi(deviations, { meanMs: 0, stdDevMs: 1 })
      expect(Math.abs(ours - probability)).toBeLessThan(2e-4)
    })
  })

  test.each([Number.NaN, undefined])('refuses %s for a silence', (silentMs) => {
    expect(() => phi(Number(silentMs), { meanMs: 1, stdDevMs: 1 })).toThrow(
      expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_VALUE' }),
    )
  })
})

describe('the silence at a suspicion', () => {
  test('is the inverse of phi', () => {
    const level = fc.double({ min: 0.001, max: 500, noNaN: true })
    fc.assert(
      fc.property(level, stats(), (suspicion, interval) => {
        const back = phi(silenceAtPhi(suspicion, interval), interval)
        // Next to a long mean, a short deviation leaves few digits of the silence itself.
        const lost = (1e-13 * interval.meanMs) / interval.stdDevMs
        expect(Math.abs(back / suspicion - 1)).toBeLessThan(1e-9 + lost * 100 * (1 + 1 / suspicion))
      }),
    )
  })

  test('at 8 is 5.22 deviations beyond the mean', () => {
    expect(silenceAtPhi(8, { meanMs: 1_000, stdDevMs: 100 })).toBeCloseTo(1_522.4, 0)
  })
})

interface PhiVector {
  readonly id: string
  readonly timeDiff: number
  readonly mean: number
  readonly stdDeviation: number
  readonly quantity: 'phi' | 'cdf'
  readonly expect: number
  readonly tolerance: number
  readonly relativeTolerance: number
}

describe('conformance vectors', () => {
  test.each(vectors<PhiVector>('failure-detector.json', 'phi'))('%s', (_id, vector) => {
    const suspicion = phi(vector.timeDiff, { meanMs: vector.mean, stdDevMs: vector.stdDeviation })
    const value = vector.quantity === 'phi' ? suspicion : 1 - 10 ** -suspicion
    expect(Math.abs(value - vector.expect)).toBeLessThanOrEqual(vector.tolerance)
  })

  test.each(vectors<PhiVector>('failure-detector.json', 'phiExact'))('%s', (_id, vector) => {
    const value = phi(vector.timeDiff, { meanMs: vector.mean, stdDevMs: vector.stdDeviation })
    const allowed = Math.abs(vector.expect) * vector.relativeTolerance
    expect(Math.abs(value - vector.expect)).toBeLessThanOrEqual(allowed)
  })

  test('phi/monotonic', () => {
    const values = Array.from({ length: 41 }, (_unused, ms) => phi(ms, { meanMs: 0, stdDevMs: 10 }))
    values.slice(1).forEach((value, index) => expect(value).toBeGreaterThan(values[index] ?? NaN))
  })

  test('phi/larger-deviation-lower-phi', () => {
    const [small, large] = [100, 500].map((stdDevMs) => phi(1_100, { meanMs: 1_000, stdDevMs }))
    expect(large).toBeLessThan(small ?? NaN)
  })
})
