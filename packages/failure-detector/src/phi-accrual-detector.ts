import type { FailureDetector } from './failure-detector.ts'
import { HeartbeatHistory } from './heartbeat-history.ts'
import { LifeSigns } from './life-signs.ts'
import { nonNegative, positive } from './options.ts'
import { deviationsAtPhi, phi, type IntervalStats } from './phi.ts'

/**
 * With a steady heartbeat a peer is suspected after the mean interval + `acceptablePauseMs` +
 * 5.22 × the deviation of the intervals (at threshold 8; at least `minStdDevMs`) of silence: with
 * the defaults and one heartbeat a second after 4.5 s, and 5.3 s right after the start.
 */
export interface PhiAccrualOptions {
  /**
   * Suspicion at which a peer is no longer available. Raise it for fewer false suspicions; each
   * step costs a fraction of the intervals' deviation in time to notice. @defaultValue 8
   */
  readonly threshold?: number
  /** How many intervals are remembered. More is steadier, fewer adapts faster. @defaultValue 200 */
  readonly maxSampleSize?: number
  /**
   * The least deviation assumed, in milliseconds, however regular the heartbeat. Lower notices
   * sooner, but suspects the first hiccup of a quiet network. @defaultValue 100
   */
  readonly minStdDevMs?: number
  /**
   * Silence forgiven on top of the mean interval, in milliseconds. Raise it to ride out longer
   * pauses (garbage collection, a busy host); each raise delays detection by as much.
   * @defaultValue 3_000
   */
  readonly acceptablePauseMs?: number
  /**
   * The interval expected before any was seen, in milliseconds, with a quarter of it as deviation.
   * Set it to the heartbeat interval. @defaultValue 1_000
   */
  readonly firstHeartbeatEstimateMs?: number
}

export const phiDefaults: Required<PhiAccrualOptions> = {
  threshold: 8,
  maxSampleSize: 200,
  minStdDevMs: 100,
  acceptablePauseMs: 3_000,
  firstHeartbeatEstimateMs: 1_000,
}

/**
 * Learns how regular the heartbeat of one peer is, and suspects it accordingly.
 *
 * @see Hayashibara et al., "The φ accrual failure detector", SRDS 2004
 * @example
 * const detector = new PhiAccrualDetector()
 * detector.heartbeat(0)
 * detector.isAvailable(3_000) // => true
 * detector.isAvailable(9_000) // => false
 */
export class PhiAccrualDetector implements FailureDetector {
  readonly #threshold: number
  readonly #thresholdDeviations: number
  readonly #minStdDevMs: number
  readonly #acceptablePauseMs: number
  readonly #history: HeartbeatHistory
  readonly #signs = new LifeSigns()

  /** @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_OPTION` */
  constructor(options: PhiAccrualOptions = {}) {
    const given = { ...phiDefaults, ...options }
    this.#threshold = positive('threshold', given.threshold)
    this.#thresholdDeviations = deviationsAtPhi(this.#threshold)
    this.#minStdDevMs = positive('minStdDevMs', given.minStdDevMs)
    this.#acceptablePauseMs = nonNegative('acceptablePauseMs', given.acceptablePauseMs)
    this.#history = new HeartbeatHistory(given.maxSampleSize)
    const estimateMs = positive('firstHeartbeatEstimateMs', given.firstHeartbeatEstimateMs)
    this.#history.record(estimateMs * 0.75)
    this.#history.record(estimateMs * 1.25)
  }

  get isMonitoring(): boolean {
    return this.#signs.lastSignAt !== undefined
  }

  heartbeat(now: number): void {
    const intervalMs = this.#signs.heartbeat(now)
    // An interval that was itself a reason for suspicion would teach patience with the next failure.
    if (intervalMs !== undefined && phi(intervalMs, this.#expected()) < this.#threshold) {
      this.#history.record(intervalMs)
    }
  }

  touch(now: number): void {
    this.#signs.touch(now)
  }

  isAvailable(now: number, timeoutFactor = 1): boolean {
    const suspectAt = this.suspectAt(timeoutFactor)
    return suspectAt === undefined || now < suspectAt
  }

  /** φ; 0 before the first sign of life. */
  suspicion(now: number, timeoutFactor = 1): number {
    const silentMs = this.silentMs(now)
    return silentMs === undefined ? 0 : phi(silentMs / timeoutFactor, this.#expected())
  }

  silentMs(now: number): number | undefined {
    return this.#signs.silentMs(now)
  }

  suspectAt(timeoutFactor = 1): number | undefined {
    const lastSignAt = this.#signs.lastSignAt
    if (lastSignAt === undefined) return undefined
    const { meanMs, stdDevMs } = this.#expected()
    const patienceMs = Math.max(0, meanMs + stdDevMs * this.#thresholdDeviations)
    return lastSignAt + patienceMs * timeoutFactor
  }

  credit(gapMs: number, now: number): void {
    this.#signs.credit(gapMs, now)
  }

  /** What the next interval may look like, with the allowances of the options. */
  #expected(): IntervalStats {
    return {
      meanMs: this.#history.meanMs + this.#acceptablePauseMs,
      stdDevMs: Math.max(this.#history.stdDevMs, this.#minStdDevMs),
    }
  }
}
