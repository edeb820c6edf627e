import type { Gate } from '@casty/actor'
import { systemClock, type Clock } from '@casty/clock'

// Named here, because the package is compiled without the types of any runtime.
declare function queueMicrotask(callback: () => void): void

/** Has something called when what runs now has ended, and before anything comes from outside: a frame, a timer. */
export type EndOfTurn = (callback: () => void) => void

/** Undefined on a clock that somebody moves, who may do so within a turn. */
export function endOfTurnOf(clock: Clock): EndOfTurn | undefined {
  return clock === systemClock ? (callback) => queueMicrotask(callback) : undefined
}

/**
 * Open while this node has its lease. Asked at the very moment when something is to happen, so that a process
 * which stood still finds out before it does anything.
 *
 * A machine that slept finds its monotonic clock where it was. So the lease lasts as long by the wall clock, too;
 * where that one was merely set, the next renewal opens the gate again.
 *
 * The monotonic clock is looked at for each message, the wall clock once in a turn. Where the machine sleeps in the midst
 * of a turn, what is left of that is handled as if it had been before the sleep: all of it had come by then, nothing else
 * comes in between, `Clock.now()` stood still as well, and answers may be late anyway. With the next frame or timer the
 * gate is closed.
 */
export class LeaseGate implements Gate {
  readonly #clock: Clock
  readonly #endOfTurn: EndOfTurn | undefined
  readonly #turnEnded = (): void => void (this.#isAwake = false)
  readonly #listeners = new Set<() => void>()
  #until = Number.NEGATIVE_INFINITY
  #untilByWall = Number.NEGATIVE_INFINITY
  /** The lease lasted by the wall clock, in this turn. */
  #isAwake = false
  /** Somebody may wait for it to open. */
  #wasClosed = false

  constructor(clock: Clock, endOfTurn: EndOfTurn | undefined = endOfTurnOf(clock)) {
    this.#clock = clock
    this.#endOfTurn = endOfTurn
  }

  isOpen(): boolean {
    const isOpen = this.#clock.now() < this.#until && (this.#isAwake || this.#lookAtWall())
    if (!isOpen) this.#wasClosed = true
    return isOpen
  }

  #lookAtWall(): boolean {
    const lasts = this.#clock.wallNow() < this.#untilByWall
    if (!lasts || this.#endOfTurn === undefined) return lasts
    this.#isAwake = true
    this.#endOfTurn(this.#turnEnded)
    return true
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
