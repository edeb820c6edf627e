import type { Clock } from '@casty/clock'

/** What is run first when a stopped process goes on: the loop may stand at either place. */
export type ResumeOrder = 'timers-first' | 'sockets-first'

/**
 * The clock of one process of a world: its timers wait while the process is stopped and run late when
 * it goes on, and its wall clock may be wrong.
 */
export class ProcessClock implements Clock {
  readonly #world: Clock
  readonly #late = new Set<() => void>()
  #isRunning = true
  wallOffsetMs = 0

  constructor(world: Clock) {
    this.#world = world
  }

  now(): number {
    return this.#world.now()
  }

  wallNow(): number {
    return this.#world.wallNow() + this.wallOffsetMs
  }

  schedule(delayMs: number, callback: () => void): Disposable {
    const run = (): void => {
      if (this.#isRunning) callback()
      else this.#late.add(callback)
    }
    const timer = this.#world.schedule(delayMs, run)
    return {
      [Symbol.dispose]: () => {
        timer[Symbol.dispose]()
        this.#late.delete(callback)
      },
    }
  }

  stop(): void {
    this.#isRunning = false
  }

  /** Runs what fell due meanwhile, in the order in which it did. */
  goOn(): void {
    this.#isRunning = true
    for (const callback of this.#late) {
      this.#late.delete(callback)
      callback()
    }
  }
}
