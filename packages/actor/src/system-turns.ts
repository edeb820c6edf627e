import { systemClock, type Clock } from '@casty/clock'
import type { Turns } from './dispatcher.ts'

// Named here, because the package is compiled without the types of any runtime.
declare function queueMicrotask(callback: () => void): void

/** Turns of this runtime: as microtasks, and after them by whatever comes first. */
export function systemTurns(clock: Clock): Turns {
  return {
    soon: (callback) => queueMicrotask(callback),
    // Under a clock of somebody else's, as in a simulation, the others are what waits on that clock.
    afterOthers: (callback) => void clock.schedule(0, callback),
    now: () => clock.now(),
    isReal: clock === systemClock,
  }
}
