import type { Clock } from './clock.ts'
import { ClockError } from './clock-error.ts'

// The only place in the pure packages that touches the runtime's time: named here, because the
// package is compiled without the types of any runtime. Every runtime has the first three, Node the others.
declare const performance: { now(): number }
declare function setTimeout(callback: () => void, delayMs: number): TimerHandle
declare function clearTimeout(handle: TimerHandle | undefined): void
declare const setImmediate: ((callback: () => void) => TimerHandle) | undefined
declare function clearImmediate(handle: TimerHandle): void
/** A number in browsers, an object in Node: only ever handed back. */
type TimerHandle = { readonly timer: unique symbol } | number

/** The longest delay a runtime's timer can hold; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1

/**
 * The time of this process. `now()` does not jump when the wall clock is set; on Linux it stands
 * still while the machine is suspended. A timer never runs early, by `now()`: runtimes count in
 * whole milliseconds, and a deadline that is "not yet due" by a fraction would be armed twice.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  schedule(delayMs, callback) {
    const waitMs = validDelay(delayMs)
    if (waitMs === 0 && typeof setImmediate === 'function') {
      // A timer takes a millisecond at least, in which a process that has work to go on with would stand still.
      const soon = setImmediate(callback)
      return { [Symbol.dispose]: () => clearImmediate(soon) }
    }
    const dueAt = performance.now() + waitMs
    let handle: TimerHandle | undefined
    const arm = (): void => {
      const remainingMs = dueAt - performance.now()
      if (remainingMs <= 0) callback()
      else handle = setTimeout(arm, Math.min(Math.ceil(remainingMs), longestTimerMs))
    }
    handle = setTimeout(arm, Math.min(Math.ceil(waitMs), longestTimerMs))
    return {
      [Symbol.dispose]() {
        clearTimeout(handle)
        handle = undefined
      },
    }
  },
}

/** A delay below 0 means "as soon as possible", an infinite one "never". */
export function validDelay(delayMs: number): number {
  if (typeof delayMs === 'number' && !Number.isNaN(delayMs)) return Math.max(delayMs, 0)
  throw ClockError.invalid('The delay of a timer', delayMs, 'a number of milliseconds')
}
