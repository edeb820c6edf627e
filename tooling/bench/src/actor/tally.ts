import assert from 'node:assert/strict'
import type { Message } from './subject.ts'

/** Counts what was handled, and adds up what it was: nothing is missing, and nothing came twice. */
export class Tally {
  #left = 0
  #sum = 0
  #resolve: () => void = () => {}

  readonly count = ({ value }: Message): void => {
    this.#sum += value
    if (--this.#left === 0) this.#resolve()
  }

  /** Has `count` messages sent, and waits until as many were handled. */
  async of(count: number, sum: number, send: () => void): Promise<void> {
    this.#left = count
    this.#sum = 0
    const handled = new Promise<void>((resolve) => {
      this.#resolve = resolve
    })
    send()
    await handled
    this.check(sum)
  }

  check(sum: number): void {
    assert(this.#left === 0 && this.#sum === sum, 'each message was handled once')
  }
}
