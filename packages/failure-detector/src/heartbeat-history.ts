import { wholeFrom } from './options.ts'
import type { IntervalStats } from './phi.ts'

/** Count, mean and sum of squared deviations: enough to join two sets of samples (Chan et al.). */
interface Summary {
  readonly count: number
  readonly mean: number
  readonly squares: number
}

const nothing: Summary = { count: 0, mean: 0, squares: 0 }

/**
 * The last `maxSampleSize` intervals between heartbeats, with mean and population variance.
 *
 * The usual running sums lose precision for good when an outlier passes through: what is subtracted
 * later is not what was added. Nothing is ever subtracted here. The ring is filled in laps; the
 * samples of this lap have one growing summary, those left from the lap before have a summary for
 * each suffix, made once per lap. So an update costs O(1) on average and there is no drift.
 *
 * @see Welford, 1962; Chan, Golub & LeVeque, "Algorithms for computing the sample variance", 1983
 */
export class HeartbeatHistory {
  readonly maxSampleSize: number
  readonly #samples: number[] = []
  /** Entry i summarizes samples i to the end of the former lap. */
  #suffixes: readonly Summary[] = []
  #position = 0
  #lap: Summary = nothing
  #total: Summary = nothing

  /** @param maxSampleSize - how many intervals count, at least 1 */
  constructor(maxSampleSize: number) {
    this.maxSampleSize = wholeFrom('maxSampleSize', 1, maxSampleSize)
  }

  /** Adds an interval, in milliseconds, and forgets the oldest one beyond the size. */
  record(intervalMs: number): void {
    if (this.#position === this.maxSampleSize) this.#startLap()
    this.#samples[this.#position] = intervalMs
    this.#position += 1
    this.#lap = join(this.#lap, { count: 1, mean: intervalMs, squares: 0 })
    this.#total = join(this.#lap, this.#suffixes[this.#position] ?? nothing)
  }

  get size(): number {
    return this.#total.count
  }

  /** Mean interval in milliseconds; 0 without samples. */
  get meanMs(): number {
    return this.#total.mean
  }

  /** Population variance in milliseconds squared; 0 without samples. */
  get variance(): number {
    return this.#total.count === 0 ? 0 : this.#total.squares / this.#total.count
  }

  get stdDevMs(): number {
    return Math.sqrt(this.variance)
  }

  stats(): IntervalStats {
    return { meanMs: this.meanMs, stdDevMs: this.stdDevMs }
  }

  #startLap(): void {
    const suffixes: Summary[] = []
    let suffix = nothing
    for (let index = this.#samples.length - 1; index >= 0; index--) {
      suffix = join(suffix, { count: 1, mean: this.#samples[index] ?? 0, squares: 0 })
      suffixes[index] = suffix
    }
    this.#suffixes = suffixes
    this.#position = 0
    this.#lap = nothing
  }
}

function join(left: Summary, right: Summary): Summary {
  if (left.count === 0) return right
  if (right.count === 0) return left
  const count = left.count + right.count
  const delta = right.mean - left.mean
  return {
    count,
    mean: left.mean + (delta * right.count) / count,
    squares: left.squares + right.squares + (delta * delta * left.count * right.count) / count,
  }
}
