import { systemClock, type Clock } from '@casty/clock'
import type { Turns } from './dispatcher.ts'

// Named here, because the package is compiled without the types of any runtime.
declare function queueMicrotask(callback: () => void): void
declare const setImmediate: ((callback: () => void) => unknown) | undefined

/** Turns of this runtime: as microtasks, and after them by whatever comes first. */
export function systemTurns(clock: Clock): Turns {
  const isReal = clock === systemClock
  return {
    soon: (callback) => queueMicrotask(callback),
    afterOthers(callback) {
      // Browsers have none, and a timer of theirs comes a little later. Under a clock of somebody else's, as
      // in a simulation, the others are what waits on that clock.
      if (isReal && typeof setImmediate === 'function') setImmediate(callback)
      else clock.schedule(0, callback)
    },
    now: () => clock.now(),
    isReal,
  }
}
