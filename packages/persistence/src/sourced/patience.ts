import type { Clock } from '@casty/clock'
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
  #heardAt: number
  #timer: Disposable

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#ms = ms
    this.#heardAt = clock.now()
    this.exhausted = new Promise((_resolve, reject) => {
      this.#giveUp = reject
    })
    this.#timer = clock.schedule(ms, () => this.#look())
  }

  heard(): void {
    this.#heardAt = this.#clock.now()
  }

  #look(): void {
    const leftMs = this.#heardAt + this.#ms - this.#clock.now()
    if (leftMs > 0) this.#timer = this.#clock.schedule(leftMs, () => this.#look())
    else this.#giveUp(noAnswer(this.#ms))
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }
}
