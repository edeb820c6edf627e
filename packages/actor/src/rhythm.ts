import type { Clock } from '@casty/clock'

/**
 * When to do something over and over: one that comes late makes no other late, and what was missed, as
 * while the process stood still, is not made up for.
 */
export class Rhythm {
  readonly #clock: Clock
  readonly #everyMs: number
  #dueAt: number

  constructor(clock: Clock, firstMs: number, everyMs: number) {
    this.#clock = clock
    this.#everyMs = everyMs
    this.#dueAt = clock.now() + firstMs
  }

  /** From now to the next time, in milliseconds. */
  next(): number {
    const now = this.#clock.now()
    const missed = Math.floor(Math.max(0, now - this.#dueAt) / this.#everyMs)
    this.#dueAt += (missed + 1) * this.#everyMs
    return Math.max(0, this.#dueAt - now)
  }
}
