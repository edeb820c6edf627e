/**
 * Suspicion of one peer. Every method is told the time, `now`, in milliseconds of one monotonic
 * clock; an earlier `now` than before is taken for the latest one seen.
 *
 * `timeoutFactor` (1 or above, 1 when left out) stretches all patience by that factor: for a node
 * that has reason to doubt itself.
 */
export interface FailureDetector {
  /** An expected heartbeat arrived: it counts as life, and its interval as experience. */
  heartbeat(now: number): void
  /** Another sign of life arrived. Silence starts anew, but nothing is learned of intervals. */
  touch(now: number): void
  /** False once silence has lasted too long; true before the first sign of life. */
  isAvailable(now: number, timeoutFactor?: number): boolean
  /** Whether there has been a sign of life, and so a silence to be measured. */
  readonly isMonitoring: boolean
  /** A number from 0 on that grows with silence; its scale is the detector's own. */
  suspicion(now: number, timeoutFactor?: number): number
  /** How long the peer has been silent, in milliseconds; absent before the first sign of life. */
  silentMs(now: number): number | undefined
  /** When `isAvailable` will turn false if the silence lasts; absent before the first sign of life. */
  suspectAt(timeoutFactor?: number): number | undefined
  /**
   * Does not count `gapMs` of the silence, because this process stalled meanwhile and could not
   * have noticed an arrival. The last arrival moves forward, never beyond `now`.
   */
  credit(gapMs: number, now: number): void
}
