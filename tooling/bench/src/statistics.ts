import assert from 'node:assert/strict'

/**
 * The value that `percent` of the samples do not exceed, by nearest rank; the median of an even
 * number of samples is the mean of the middle two.
 *
 * @param percent - above 0, up to 100
 * @returns NaN without samples
 */
export function percentile(samples: readonly number[], percent: number): number {
  assert(percent > 0 && percent <= 100, 'a percentile lies above 0 and up to 100')
  const sorted = samples.toSorted((left, right) => left - right)
  const rank = (percent / 100) * sorted.length
  const upper = sorted[Math.ceil(rank) - 1] ?? Number.NaN
  if (percent !== 50 || !Number.isInteger(rank)) return upper
  return (upper + (sorted[rank] ?? upper)) / 2
}

/** The least and the greatest, of however many: a call takes only so many arguments. */
export function rangeOf(samples: readonly number[]): readonly [least: number, greatest: number] {
  let least = Infinity
  let greatest = -Infinity
  for (const sample of samples) {
    least = Math.min(least, sample)
    greatest = Math.max(greatest, sample)
  }
  return [least, greatest]
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 50)
}

/**
 * The median of the ratios of samples that were taken one after the other, which is steadier on a
 * machine whose speed drifts than the ratio of two medians.
 */
export function medianRatio(samples: readonly number[], reference: readonly number[]): number {
  assert(samples.length === reference.length, 'each sample has the reference taken beside it')
  return median(samples.map((sample, index) => sample / (reference[index] ?? Number.NaN)))
}
