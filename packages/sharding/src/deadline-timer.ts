import type { Clock } from '@casty/clock'

/** One timer for all that is due: set to the earliest deadline, it runs once, and is set anew. Mutable. */
export class DeadlineTimer implements Disposable {
  readonly #clock: Pick<Clock, 'now' | 'schedule'>
  readonly #due: () => void
  #at = Infinity
  #timer: Disposable | undefined
  #isOver = false

  /** @param due - does what is due, and sets it again */
  constructor(clock: Pick<Clock, 'now' | 'schedule'>, due: () => void) {
    this.#clock = clock
    this.#due = due
  }

  /** When it runs next; Infinity while it does not. */
  get at(): number {
    return this.#at
  }

  /**
   * @param at - when something is due next; Infinity where nothing is
   * @param now - where the clock was read already
   */
  set(at: number, now?: number): void {
    if (this.#isOver || at === this.#at) return
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#at = at
    if (at === Infinity) return
    const delayMs = Math.max(0, at - (now ?? this.#clock.now()))
    this.#timer = this.#clock.schedule(delayMs, () => {
      this.#at = Infinity
      this.#timer = undefined
      this.#due()
    })
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
  }
}
