import type { Clock, Random } from '@casty/clock'
import { reconnectDelayMs } from './backoff.ts'

/** A connection that held so long starts the count of failed dials anew. */
const stableMs = 1_000

/** When the next dial is due: at once at first, later with every one that fails. */
export class RedialSchedule {
  readonly #clock: Clock
  readonly #random: Random
  readonly #bounds: { readonly minMs: number; readonly maxMs: number }
  #failures = 0
  #notBefore = 0

  constructor(
    clock: Clock,
    random: Random,
    bounds: { readonly minMs: number; readonly maxMs: number },
  ) {
    this.#clock = clock
    this.#random = random
    this.#bounds = bounds
  }

  /** Dials that failed, and connections that broke, since one held for a second. */
  get failures(): number {
    return this.#failures
  }

  /** Time until the next dial is due, in milliseconds; 0 when it is. */
  get waitMs(): number {
    return Math.max(0, this.#notBefore - this.#clock.now())
  }

  /** A dial failed, or a connection broke: the next dial is due a little later than the last was. */
  failed(): void {
    const delayMs = reconnectDelayMs(this.#failures, this.#bounds, this.#random)
    this.#notBefore = this.#clock.now() + delayMs
    this.#failures++
  }

  /** A connection ended that had held for `heldMs`. */
  broke(heldMs: number): void {
    if (heldMs >= stableMs) this.#failures = 0
    this.failed()
  }

  /** The next dial is due now; how many failed before is not forgotten. */
  hurry(): void {
    this.#notBefore = 0
  }

  /** There is news of the peer: start over. */
  reset(): void {
    this.#failures = 0
    this.#notBefore = 0
  }
}
