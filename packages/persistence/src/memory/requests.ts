// How calls become requests that are carried out a little later and answered later still, as those to a
// server or a disk are: a crash may come between, and so may a fault.
import type { Clock } from '@casty/clock'
import { JournalError } from '../journal/journal-error.ts'
import type { JournalFault, JournalOperation, ProgrammedFaults } from './programmed-faults.ts'

/** The calls of one open journal. */
export class Requests {
  readonly #clock: Clock
  readonly #faults: ProgrammedFaults
  readonly #running = new Set<Promise<unknown>>()
  /** Ends calls that would never be answered. */
  readonly #unanswered = new Set<(error: unknown) => void>()
  #stage: 'open' | 'closed' | 'crashed' = 'open'

  constructor(clock: Clock, faults: ProgrammedFaults) {
    this.#clock = clock
    this.#faults = faults
  }

  /** @param act - carries it out, in one step */
  async run<T>(
    operation: JournalOperation,
    id: string,
    act: () => T,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted()
    this.checkOpen(operation)
    const fault = this.#faults.take(operation, id)
    const answer = this.#answer(operation, fault, act)
    this.#running.add(answer)
    try {
      const result = await (fault && signal ? unlessAborted(answer, signal) : answer)
      return this.#stage === 'crashed' ? await never() : result
    } catch (error) {
      if (this.#stage === 'crashed') return await never()
      throw error
    } finally {
      this.#running.delete(answer)
    }
  }

  async #answer<T>(operation: string, fault: JournalFault | undefined, act: () => T): Promise<T> {
    await Promise.resolve() // The request is on its way.
    if (fault?.type === 'delayed') await this.#pass(fault.byMs)
    if (this.#stage === 'crashed') return await never()
    switch (fault?.type) {
      case 'refused':
        throw JournalError.unavailable(operation, 'nothing-written')
      case 'full':
        throw JournalError.full(operation)
      case 'lost':
        if (fault.carriedOut) act()
        throw JournalError.unavailable(operation, 'unknown')
      case 'silent':
        if (fault.carriedOut) act()
        return await this.#silence()
      default:
        return act()
    }
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.schedule(ms, resolve)
    })
  }

  #silence(): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#unanswered.add(reject)
    })
  }

  /** @throws JournalError `CASTY_JOURNAL_CLOSED` */
  checkOpen(what: string): void {
    if (this.#stage === 'closed') throw JournalError.closed(what)
  }

  crash(): void {
    this.#stage = 'crashed'
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    if (this.#stage === 'crashed') return
    this.#stage = 'closed'
    for (const reject of this.#unanswered) {
      reject(JournalError.closed('wait for an answer', { outcome: 'unknown' }))
    }
    await Promise.allSettled(this.#running)
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let forget = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort)
    forget = () => signal.removeEventListener('abort', abort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    forget()
  }
}
