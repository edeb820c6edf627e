/** The middle, the slowest hundredth and the slowest of some durations, in milliseconds. */
export interface Quantiles {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Nearest-rank quantiles; not a number where there is no value. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((left, right) => left - right)
  const at = (share: number): number =>
    rounded(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN)
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

/** To a tenth: more digits say nothing. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
