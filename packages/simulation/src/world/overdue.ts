// When something should have come about that a process waits for.
import type { Clock } from '@casty/clock'

/** A timer that is later than this tells that its process stood still meanwhile, in milliseconds. */
const toleranceMs = 1

/** Of a process, or of the world, which never stands still. */
export interface WaitedClock extends Pick<Clock, 'now' | 'schedule'> {
  /** Looks without being counted as a reading of the process. */
  peek?<T>(look: () => T): T
}

/**
 * Calls back once a process has run for twice as long without standing still: however often it was halted, all that was
 * due before has had its turn by then. One that is blocked for less than that in the midst of asking begins its time
 * after it.
 */
export function whenOverdue(clock: WaitedClock, ms: number, callback: () => void): Disposable {
  const now = (): number => clock.peek?.(() => clock.now()) ?? clock.now()
  let timer: Disposable
  const wait = (times: number): void => {
    const dueAt = now() + ms
    timer = clock.schedule(ms, () => {
      if (now() > dueAt + toleranceMs) wait(2)
      else if (times > 1) wait(times - 1)
      else callback()
    })
  }
  wait(2)
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}
