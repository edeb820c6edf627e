import type { Clock } from '@casty/clock'

/** Something that waits for a time, on the monotonic clock. */
export interface Timed {
  /** Infinity while it waits for none. */
  readonly nextDeadline: number
  /** Does what is due by now, if anything is. */
  wake(): void
}

/** One timer for all that waits, set to whatever is due first. */
export class Alarm {
  readonly #clock: Clock
  readonly #waiting: readonly Timed[]
  #at = Number.POSITIVE_INFINITY
  #timer: Disposable | undefined
  #isStopped = false

  /** @param waiting - woken in this order, all of them whenever one is due */
  constructor(clock: Clock, waiting: readonly Timed[]) {
    this.#clock = clock
    this.#waiting = waiting
  }

  /** Sets the timer anew: to be called whenever a deadline may have moved. */
  arm(): void {
    const at = Math.min(...this.#waiting.map(({ nextDeadline }) => nextDeadline))
    if (at === this.#at || this.#isStopped) return
    this.#timer?.[Symbol.dispose]()
    this.#at = at
    this.#timer = this.#clock.schedule(Math.max(0, at - this.#clock.now()), () => this.#ring())
  }

  #ring(): void {
    this.#at = Number.POSITIVE_INFINITY
    for (const timed of this.#waiting) timed.wake()
    this.arm()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.[Symbol.dispose]()
  }
}
