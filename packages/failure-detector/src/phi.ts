import { FailureDetectorError } from './errors.ts'

/** What is known of the intervals between heartbeats, in milliseconds. */
export interface IntervalStats {
  readonly meanMs: number
  /** Above zero; at zero φ is a step, which the formula below still gives. */
  readonly stdDevMs: number
}

// The normal distribution's logit, as a·y + b·y³ with y in standard deviations.
const a = 1.5976
const b = 0.070566

/** Half of the distance from 1 to the next lower number: a chance closer to 1 than this is 1. */
const smallestDoubt = Number.EPSILON / 4

/**
 * Suspicion that a peer has failed, given how long its heartbeat has been silent.
 *
 * φ = −log₁₀ P(the next heartbeat is only late), with intervals taken as normal: at φ = 1 one
 * suspicion in ten is wrong, at φ = 8 one in a hundred million. Where that chance rounds to 1, φ is
 * exactly 0.
 *
 * @param silentMs - time since the last heartbeat, in milliseconds, by a monotonic clock
 * @param interval - past arrival intervals
 * @returns φ ≥ 0, never falling with `silentMs`; never NaN
 * @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_VALUE` when an argument is NaN
 * @see Hayashibara et al., "The φ accrual failure detector", SRDS 2004; normal tail by Bowling et
 * al., "A logistic approximation to the cumulative normal distribution", 2009 (error below 2e-4)
 * @example phi(1_000, { meanMs: 1_000, stdDevMs: 100 }) // => 0.301…
 */
export function phi(silentMs: number, { meanMs, stdDevMs }: IntervalStats): number {
  const lateMs = silentMs - meanMs
  const y = lateMs === 0 ? 0 : lateMs / stdDevMs
  const logit = y * (a + b * y * y)
  if (Number.isNaN(logit)) {
    throw FailureDetectorError.invalidValue('A silence or its statistics', logit, 'numbers')
  }
  // log₁₀(1 + e^logit). The textbook −log₁₀(1 − Φ(y)) is Infinity as soon as Φ(y) rounds to 1.
  const doubt = Math.log1p(Math.exp(-Math.abs(logit)))
  if (logit > 0) return (logit + doubt) / Math.LN10
  return doubt < smallestDoubt ? 0 : doubt / Math.LN10
}

/**
 * The inverse of `phi`: after how long a silence, in milliseconds, suspicion reaches `level`. It
 * lets a shell sleep until a peer would become suspect instead of asking again and again.
 *
 * @param level - a φ above 0
 * @example silenceAtPhi(8, { meanMs: 1_000, stdDevMs: 100 }) // => 1522.598…
 */
export function silenceAtPhi(level: number, { meanMs, stdDevMs }: IntervalStats): number {
  return meanMs + stdDevMs * deviationsAtPhi(level)
}

/** How many standard deviations beyond the mean φ reaches `level`: it depends on nothing else. */
export function deviationsAtPhi(level: number): number {
  const z = level * Math.LN10
  // ln(10^level − 1), which cancels for small levels and overflows for large ones.
  const logit = z < 1 ? Math.log(Math.expm1(z)) : z + Math.log1p(-Math.exp(-z))
  // Solves a·y + b·y³ = logit in closed form, by sinh 3θ = 3 sinh θ + 4 sinh³ θ.
  const k = 2 * Math.sqrt(a / (3 * b))
  return k * Math.sinh(Math.asinh((3 * logit) / (a * k)) / 3)
}
