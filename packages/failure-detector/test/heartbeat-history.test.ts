import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeartbeatHistory } from '../src/index.ts'
import { vectors } from './vectors.ts'

function historyOf(maxSampleSize: number, intervals: readonly number[]): HeartbeatHistory {
  const history = new HeartbeatHistory(maxSampleSize)
  for (const intervalMs of intervals) history.record(intervalMs)
  return history
}

describe('a heartbeat history', () => {
  test('has the mean and variance of the newest intervals, however many came before', () => {
    const intervals = fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), intervals, (maxSampleSize, all) => {
        const history = historyOf(maxSampleSize, all)
        const newest = all.slice(-maxSampleSize)
        const mean = newest.reduce((sum, value) => sum + value, 0) / newest.length
        const variance = newest.reduce((sum, value) => sum + (value - mean) ** 2, 0) / newest.length
        expect(history.size).toBe(newest.length)
        expect(history.meanMs).toBeCloseTo(mean, 6)
        expect(history.variance).toBeCloseTo(variance, 3)
        expect(history.stdDevMs).toBe(Math.sqrt(history.variance))
      }),
    )
  })

  test('forgets an outlier without a trace', () => {
    const history = historyOf(10, [1e12, 1e-9, 3e11])
    for (let count = 0; count < 10; count++) history.record(1_000.1)
    expect(history.meanMs).toBe(1_000.1)
    expect(history.variance).toBe(0)
  })

  test('does not drift over a million intervals', () => {
    const history = new HeartbeatHistory(7)
    for (let count = 0; count < 1_000_000; count++) history.record(count % 2 === 0 ? 0.1 : 1e6)
    for (const intervalMs of [1, 2, 3, 4, 5, 6, 7]) history.record(intervalMs)
    expect(history.meanMs).toBeCloseTo(4, 12)
    expect(history.variance).toBeCloseTo(4, 12)
  })

  test('without intervals has neither mean nor deviation', () => {
    expect(new HeartbeatHistory(3).stats()).toEqual({ meanMs: 0, stdDevMs: 0 })
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses a size of %d', (size) => {
    expect(() => new HeartbeatHistory(size)).toThrow(
      expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION' }),
    )
  })
})

interface HistoryVector {
  readonly id: string
  readonly maxSampleSize: number
  readonly intervals: readonly number[]
  readonly expectMean: number | null
  readonly expectVariance: number
  readonly tolerance: number
}

describe('conformance vectors', () => {
  test.each(vectors<HistoryVector>('failure-detector.json', 'history'))('%s', (_id, vector) => {
    const history = historyOf(vector.maxSampleSize, vector.intervals)
    const mean = vector.expectMean ?? history.meanMs
    expect(Math.abs(history.meanMs - mean)).toBeLessThanOrEqual(vector.tolerance)
    expect(Math.abs(history.variance - vector.expectVariance)).toBeLessThanOrEqual(vector.tolerance)
  })
})
