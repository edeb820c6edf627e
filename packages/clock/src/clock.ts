/**
 * The injected source of time. Production code gets `systemClock`, tests a `ManualClock`, the
 * simulator a clock per node; nothing else in casty reads the time or sets a timer.
 */
export interface Clock {
  /**
   * Milliseconds on a monotonic scale with an arbitrary origin, with fractions where the source has
   * them. Every deadline, timeout and lease is counted on this scale.
   */
  now(): number
  /**
   * Milliseconds since the Unix epoch. It may jump either way: use it for people, for incarnations
   * and for the age of tombstones, never for a timeout.
   */
  wallNow(): number
  /**
   * Runs `callback` once, `delayMs` milliseconds from now, never before the call returns. With no delay it runs as soon as
   * whatever waits already has had its turn. Disposing of the result cancels it; disposing twice, or after it ran, does nothing.
   */
  schedule(delayMs: number, callback: () => void): Disposable
}
