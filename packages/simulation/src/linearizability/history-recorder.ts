import { HistoryError } from './errors.ts'
import type { History, Operation, OperationOutcome } from './operation.ts'

export interface HistoryRecorderOptions {
  /**
   * Gives the order number of a moment; it must never go back. The default counts the recorder's own
   * calls, which is exact within one process. Where several processes record, give a monotonic clock
   * that they share; what it cannot tell apart counts as concurrent.
   */
  readonly now?: () => number
}

/** An operation that was invoked and is open. Call exactly one of these, once. */
export interface OpenOperation<Output> {
  /** It answered. An absent value is recorded as `null`, never as `undefined`. */
  ok(output: Output): void
  /** It certainly had and will have no effect, as when it was refused. In doubt use `unknown`. */
  failed(): void
  /** No answer: a timeout, a broken connection, a crash. It may take effect even now. */
  unknown(): void
}

/**
 * Writes down what clients asked and were answered, for `checkLinearizable` and the other checks.
 *
 * A client has at most one open operation: with more, a handle that was forgotten would go unnoticed
 * as one more unknown outcome, and each of these weakens the check. An operation that is still open
 * when the history is taken has an unknown outcome.
 *
 * @example
 * const recorder = new HistoryRecorder<CounterInput, CounterOutput>()
 * const operation = recorder.invoke('alice', 'visits', { type: 'increment' })
 * operation.ok(1)
 */
export class HistoryRecorder<Input, Output> {
  readonly #operations: Operation<Input, Output>[] = []
  readonly #open = new Map<string, object>()
  readonly #now: () => number
  #last = -Infinity

  constructor(options: HistoryRecorderOptions = {}) {
    let count = 0
    this.#now = options.now ?? ((): number => ++count)
  }

  /**
   * @param key - the object operated on
   * @throws HistoryError `CASTY_SIMULATION_HISTORY_CLIENT_BUSY` while the client has an open operation;
   * `CASTY_SIMULATION_HISTORY_INVALID` if `now` goes back
   */
  invoke(client: string, key: string, input: Input): OpenOperation<Output> {
    if (this.#open.has(client)) throw HistoryError.clientBusy(client)
    const invokedAt = this.#moment()
    const index = this.#operations.length
    const open = { client, key, input, invokedAt }
    this.#operations.push({ ...open, outcome: { type: 'unknown' } })
    this.#open.set(client, open)
    const settle = (outcome: () => OperationOutcome<Output>): void => {
      if (this.#open.get(client) !== open) throw HistoryError.settled(client, invokedAt)
      this.#operations[index] = { ...open, outcome: outcome() }
      this.#open.delete(client)
    }
    return {
      ok: (output) =>
        settle(() => ({ type: 'ok', output: answer(output), completedAt: this.#moment() })),
      failed: () => settle(() => ({ type: 'failed', completedAt: this.#moment() })),
      unknown: () => settle(() => ({ type: 'unknown' })),
    }
  }

  /** What was recorded so far, by invocation. Later calls do not change it. */
  history(): History<Input, Output> {
    return [...this.#operations]
  }

  #moment(): number {
    const now = this.#now()
    if (!Number.isFinite(now) || now < this.#last) {
      throw HistoryError.invalid(
        `A recorder's now gave ${now} after ${this.#last}`,
        'finite numbers that never go back',
      )
    }
    this.#last = now
    return now
  }
}

/** `undefined` would mean "any answer is fine", and silently check nothing. */
function answer<Output>(output: Output): Output {
  if (output !== undefined) return output
  throw HistoryError.invalid('An answer is undefined', 'null for an absent value, done for none')
}
