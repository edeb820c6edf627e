import { StallGrace, type Clock } from '@casty/clock'
import { waitersOf } from './waiters.ts'

/**
 * Waits for one answer, and gives up where there is none for so long: a journal may promise that all calls
 * settle, and not keep it.
 */
export function patiently<T>(clock: Clock, ms: number, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const answer = call()
    const waiters = waitersOf(clock, ms)
    const waiter = waiters.add(() => reject(noAnswer(ms)))
    answer.then(
      (value) => {
        waiters.delete(waiter)
        resolve(value)
      },
      (error: unknown) => {
        waiters.delete(waiter)
        reject(error)
      },
    )
  })
}

function noAnswer(ms: number): Error {
  return new Error(`The journal has not answered for ${ms} ms.`)
}

/** Waits for signs of life, and gives up where there are none for so long. One timer, however many signs. */
export class Patience implements Disposable {
  /** Rejects when nothing was heard for too long. */
  readonly exhausted: Promise<never>
  readonly #clock: Clock
  readonly #ms: number
  #giveUp: (error: Error) => void = () => {}
  readonly #stall = new StallGrace()
  #heardAt: number
  #looksAt = 0
  #timer: Disposable

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#ms = ms
    this.#heardAt = clock.now()
    this.exhausted = new Promise((_resolve, reject) => {
      this.#giveUp = reject
    })
    this.#timer = this.#arm(this.#heardAt, ms)
  }

  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  #arm(now: number, delayMs: number): Disposable {
    this.#looksAt = now + delayMs
    return this.#clock.schedule(delayMs, () => this.#look())
  }

  #look(): void {
    const now = this.#clock.now()
    const graceMs = this.#stall.graceMs(now - this.#looksAt)
    const leftMs = graceMs > 0 ? graceMs : this.#heardAt + this.#ms - now
    if (leftMs > 0) this.#timer = this.#arm(now, leftMs)
    else this.#giveUp(noAnswer(this.#ms))
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }
}
