import type { Gate } from '@casty/actor'
import type { Clock } from '@casty/clock'

/**
 * Open while this node has its lease. Asked at the very moment when something is to happen, so that a process
 * which stood still finds out before it does anything.
 *
 * A machine that slept finds its monotonic clock where it was. So the lease lasts as long by the wall clock, too;
 * where that one was merely set, the next renewal opens the gate again.
 */
export class LeaseGate implements Gate {
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  #until = Number.NEGATIVE_INFINITY
  #untilByWall = Number.NEGATIVE_INFINITY
  /** Somebody may wait for it to open. */
  #wasClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  isOpen(): boolean {
    const isOpen = this.#clock.now() < this.#until && this.#clock.wallNow() < this.#untilByWall
    if (!isOpen) this.#wasClosed = true
    return isOpen
  }

  subscribe(opened: () => void): Disposable {
    const listener = (): void => opened()
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** The lease lasts until then, by `clock.now()`; -Infinity: there is none. */
  setUntil(until: number): void {
    if (until === this.#until) return
    this.#until = until
    this.#untilByWall = this.#clock.wallNow() + (until - this.#clock.now())
    if (!this.#wasClosed || !this.isOpen()) return
    this.#wasClosed = false
    for (const listener of new Set(this.#listeners)) listener()
  }
}
