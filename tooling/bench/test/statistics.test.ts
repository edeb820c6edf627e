import { expect, test } from 'vitest'
import { interleave } from '../src/interleave.ts'
import { median, medianRatio, percentile, rangeOf } from '../src/statistics.ts'

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
])('the median of %j is %d', (samples, expected) => {
  expect(median(samples)).toBe(expected)
})

test('a percentile is the value that so many do not exceed', () => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index)
  expect(percentile(samples, 99)).toBe(198)
  expect(percentile(samples, 100)).toBe(200)
  expect(percentile([5, 6], 1)).toBe(5)
})

test('a range is that of however many samples', () => {
  expect(rangeOf([3, 1, 2])).toEqual([1, 3])
  expect(rangeOf(Array.from({ length: 300_000 }, (_, index) => index))).toEqual([0, 299_999])
})

test('a ratio compares neighbours, so a drift of both leaves it alone', () => {
  expect(medianRatio([8, 16, 80], [10, 20, 100])).toBe(0.8)
})

test('subjects are measured in turn, every other round in reverse', async () => {
  const order: string[] = []
  const samples = await interleave(2, {
    raw: () => order.push('raw'),
    casty: () => order.push('casty'),
  })
  expect(order).toEqual(['raw', 'casty', 'casty', 'raw'])
  expect(samples).toEqual({ raw: [1, 4], casty: [2, 3] })
})
