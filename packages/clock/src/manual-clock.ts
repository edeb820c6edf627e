// A clock that moves only when told to, so that a test of an hour takes a moment and is the same
// every time. While a timer runs, `now()` is the very instant it was due.
import type { Clock } from './clock.ts'
import { ClockError } from './clock-error.ts'
import type { Random } from './random.ts'
import { validDelay } from './system-clock.ts'
import { TimerQueue, type QueuedTimer } from './timer-queue.ts'

declare const setImmediate: ((callback: () => void) => unknown) | undefined
declare function setTimeout(callback: () => void, delayMs: number): unknown

export interface ManualClockOptions {
  /** Where the monotonic scale starts, in milliseconds. @defaultValue 0 */
  readonly nowMs?: number
  /** Where the wall clock starts, in milliseconds since 1970. @defaultValue 1_700_000_000_000 */
  readonly wallNowMs?: number
  /**
   * Draws the order in which timers due at the same instant run, so that a simulation tries many.
   * @defaultValue they run in the order in which they were set
   */
  readonly tieBreak?: Random
}

/** More timers than this at one instant are taken for a timer that sets itself again at once. */
const mostTimersPerInstant = 100_000

/**
 * A clock for tests and simulations.
 *
 * @example
 * const clock = new ManualClock()
 * clock.schedule(1_000, () => console.log('a second has passed'))
 * clock.advance(1_000)
 */
export class ManualClock implements Clock {
  readonly #timers = new TimerQueue()
  readonly #tieBreak: Random | undefined
  #nowMs: number
  #wallOffsetMs: number
  #nextOrder = 0
  #ranThisInstant = 0
  #advancing = false

  constructor({ nowMs = 0, wallNowMs = 1_700_000_000_000, tieBreak }: ManualClockOptions = {}) {
    this.#tieBreak = tieBreak
    this.#nowMs = finite('nowMs', nowMs)
    this.#wallOffsetMs = finite('wallNowMs', wallNowMs) - nowMs
  }

  now(): number {
    return this.#nowMs
  }

  wallNow(): number {
    return this.#nowMs + this.#wallOffsetMs
  }

  /** Sets the wall clock, as an administrator or a time service would; `now()` does not move. */
  setWallNow(wallNowMs: number): void {
    this.#wallOffsetMs = finite('wallNowMs', wallNowMs) - this.#nowMs
  }

  schedule(delayMs: number, callback: () => void): Disposable {
    const dueAt = this.#nowMs + validDelay(delayMs)
    const order = this.#nextOrder++
    const rank = this.#tieBreak?.() ?? 0
    const timer: QueuedTimer = { dueAt, rank, order, callback, position: -1 }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => this.#timers.remove(timer) }
  }

  /** How many timers wait, cancelled ones not counted: at the end of a test, a check for leaks. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** When the next timer is due, on the scale of `now()`. */
  get nextTimerAt(): number | undefined {
    return this.#timers.first?.dueAt
  }

  /**
   * Moves time on and runs what falls due meanwhile, in order of due time, then of scheduling;
   * timers set by those timers are included. Stops where a callback throws, and throws that.
   *
   * @throws ClockError `CASTY_CLOCK_BUSY` when called while advancing, `CASTY_CLOCK_RUNAWAY` when
   * time cannot move on for the timers of one instant
   */
  advance(ms: number): void {
    const target = this.#begin(ms)
    try {
      while (this.#runNext(target));
      this.#moveTo(target)
    } finally {
      this.#advancing = false
    }
  }

  /**
   * As `advance`, but before the first timer, after each and at the end it lets every promise settle
   * that can settle without time passing, however long the chain. It does not wait for real input
   * and output, nor for work of other threads.
   *
   * @param afterEach - called when a timer and all that settled after it are done
   */
  async advanceAsync(ms: number, afterEach?: () => void): Promise<void> {
    const target = this.#begin(ms)
    try {
      await turnOfTheLoop()
      while (this.#runNext(target)) {
        await turnOfTheLoop()
        afterEach?.()
      }
      this.#moveTo(target)
    } finally {
      this.#advancing = false
    }
  }

  #begin(ms: number): number {
    if (finite('The time to advance', ms) < 0) {
      throw ClockError.invalid('The time to advance', ms, 'a number of milliseconds from 0 on')
    }
    if (this.#advancing) throw ClockError.busy()
    this.#advancing = true
    this.#ranThisInstant = 0
    return this.#nowMs + ms
  }

  /** Runs the next timer due by `target`; false when there is none. */
  #runNext(target: number): boolean {
    const timer = this.#timers.first
    if (timer === undefined || timer.dueAt > target) return false
    this.#moveTo(timer.dueAt)
    this.#ranThisInstant += 1
    if (this.#ranThisInstant > mostTimersPerInstant) {
      throw ClockError.runaway(this.#nowMs, mostTimersPerInstant)
    }
    this.#timers.remove(timer)
    timer.callback()
    return true
  }

  #moveTo(instant: number): void {
    if (instant <= this.#nowMs) return
    this.#nowMs = instant
    this.#ranThisInstant = 0
  }
}

// Taken when the module loads, so that a test that fakes the runtime's timers cannot stop this one.
const afterMicrotasks: (callback: () => void) => unknown =
  typeof setImmediate === 'function' ? setImmediate : (callback) => setTimeout(callback, 0)

/** A runtime starts its next task only when no microtask is left: that is how to know of quiet. */
function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    afterMicrotasks(resolve)
  })
}

function finite(what: string, value: number): number {
  if (Number.isFinite(value)) return value
  throw ClockError.invalid(what, value, 'a finite number of milliseconds')
}
