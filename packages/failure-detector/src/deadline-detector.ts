import type { FailureDetector } from './failure-detector.ts'
import { LifeSigns } from './life-signs.ts'
import { nonNegative, positive } from './options.ts'

export interface DeadlineOptions {
  /** How often heartbeats are expected, in milliseconds. */
  readonly heartbeatIntervalMs: number
  /** Silence forgiven on top of that, in milliseconds; each raise delays detection by as much. */
  readonly acceptablePauseMs: number
}

/**
 * Suspects a peer as soon as it has been silent for the interval plus the pause. It learns nothing,
 * which suits links whose delay says little of the peer, as those between data centers.
 */
export class DeadlineDetector implements FailureDetector {
  readonly #patienceMs: number
  readonly #signs = new LifeSigns()

  /** @throws FailureDetectorError `CASTY_FAILURE_DETECTOR_INVALID_OPTION` */
  constructor({ heartbeatIntervalMs, acceptablePauseMs }: DeadlineOptions) {
    this.#patienceMs =
      positive('heartbeatIntervalMs', heartbeatIntervalMs) +
      nonNegative('acceptablePauseMs', acceptablePauseMs)
  }

  get isMonitoring(): boolean {
    return this.#signs.lastSignAt !== undefined
  }

  heartbeat(now: number): void {
    this.#signs.heartbeat(now)
  }

  touch(now: number): void {
    this.#signs.touch(now)
  }

  isAvailable(now: number, timeoutFactor = 1): boolean {
    const suspectAt = this.suspectAt(timeoutFactor)
    return suspectAt === undefined || now < suspectAt
  }

  /** The part of the patience that is used up: 1 and above is suspect. */
  suspicion(now: number, timeoutFactor = 1): number {
    return (this.silentMs(now) ?? 0) / (this.#patienceMs * timeoutFactor)
  }

  silentMs(now: number): number | undefined {
    return this.#signs.silentMs(now)
  }

  suspectAt(timeoutFactor = 1): number | undefined {
    const lastSignAt = this.#signs.lastSignAt
    return lastSignAt === undefined ? undefined : lastSignAt + this.#patienceMs * timeoutFactor
  }

  credit(gapMs: number, now: number): void {
    this.#signs.credit(gapMs, now)
  }
}
