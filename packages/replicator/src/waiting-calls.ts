// Calls of a user's that wait for other nodes.
import { fresh, type Crdt, type CrdtType } from '@casty/crdt'
import type { CallOutcome } from './core/events.ts'
import type { Outcome, WaitOptions } from './outcome.ts'

interface Waiting {
  readonly settle: (outcome: CallOutcome) => void
  readonly fail: (error: unknown) => void
}

export class WaitingCalls {
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  /**
   * @param begin - begins the call with that id
   * @param abandoned - nobody waits for it any more
   *
   * Rejects with what the call failed with, and with `signal.reason`.
   */
  async wait<C extends Crdt<C>>(
    type: CrdtType<C>,
    { signal }: Pick<WaitOptions, 'signal'>,
    begin: (id: number) => void,
    abandoned: (id: number) => void,
  ): Promise<Outcome<C>> {
    const id = ++this.#lastId
    const outcome = new Promise<CallOutcome>((resolve, reject) => {
      this.#waiting.set(id, { settle: resolve, fail: reject })
    })
    const abandon = (): void => {
      const waiting = this.#waiting.get(id)
      if (!waiting) return
      this.#waiting.delete(id)
      abandoned(id)
      waiting.fail(signal?.reason)
    }
    signal?.addEventListener('abort', abandon, { once: true })
    begin(id)
    try {
      const result = await outcome
      if (result.type === 'failed') throw result.error
      return { ...result, value: fresh(type, result.value.body.state) }
    } finally {
      signal?.removeEventListener('abort', abandon)
    }
  }

  settle(id: number, outcome: CallOutcome): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.settle(outcome)
  }

  failAll(error: unknown): void {
    for (const { fail } of this.#waiting.values()) fail(error)
    this.#waiting.clear()
  }
}
