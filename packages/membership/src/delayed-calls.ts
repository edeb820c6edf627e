import type { Clock } from '@casty/clock'

/** Calls that are made after a while, unless the node stops first. */
export class DelayedCalls {
  readonly #clock: Clock
  readonly #timers = new Set<Disposable>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  after(delayMs: number, call: () => void): void {
    const timer = this.#clock.schedule(delayMs, () => {
      this.#timers.delete(timer)
      call()
    })
    this.#timers.add(timer)
  }

  stop(): void {
    for (const timer of this.#timers) timer[Symbol.dispose]()
  }
}
