// All who use a structure have to give it the same options. That is asked of one part before the structure is used for the
// first time: calls wait until it is answered, and leave in the turn of that answer, so that none made later overtakes them.
import type { Clock } from '@casty/clock'
import { DDataError } from '../errors.ts'
import type { Refusal } from '../state/machine.ts'
import type { Lane } from './lane.ts'
import type { CallTerms } from './pending.ts'

/** What all have to agree on, and who is asked. */
export interface Question {
  readonly what: string
  readonly call: Uint8Array
  readonly explain: (refusal: Refusal) => DDataError
  /** @param what - is to be done. @throws DDataError `CASTY_DDATA_CLOSED` */
  lane(what: string): Lane
}

/** One that waits. One of these is called, once. */
interface Waiting {
  readonly goOn: () => void
  readonly fail: (error: unknown) => void
}

/** Of one process on one structure, whatever handles it has for that. */
export class Agreement {
  readonly #clock: Clock
  readonly #waiting = new Set<Waiting>()
  #isReached = false
  /** Ends the asking, where nobody waits for it any more. */
  #stopAsking: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isReached(): boolean {
    return this.#isReached
  }

  /** The options may be others from now on. */
  forget(): void {
    this.#isReached = false
  }

  /**
   * Calls `goOn` once it is reached, in the order of those who wait; or `fail`, once it is refused, or the time of who waits
   * is over, or the signal aborted.
   *
   * @throws DDataError `CASTY_DDATA_CLOSED`
   */
  whenReached(
    question: Question,
    { what, timeoutMs, signal }: CallTerms,
    { goOn, fail }: Waiting,
  ): void {
    const lane = question.lane(what)
    const end = (act: () => void): void => {
      this.#waiting.delete(waiting)
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', abort)
      act()
    }
    const waiting = {
      goOn: () => end(goOn),
      fail: (error: unknown) => end(() => fail(error)),
    }
    const giveUp = (error: DDataError): void => {
      waiting.fail(error)
      if (this.#waiting.size > 0) return
      const stop = this.#stopAsking
      this.#stopAsking = undefined
      stop?.()
    }
    const abort = (): void => giveUp(DDataError.aborted(what, 'no', signal?.reason))
    const timer = this.#clock.schedule(timeoutMs, () => {
      const why = lane.whyNot
      if (why === undefined) giveUp(DDataError.timeout(what, timeoutMs, 'no'))
      else giveUp(DDataError.unavailable(what, why, 'no'))
    })
    signal?.addEventListener('abort', abort, { once: true })
    this.#waiting.add(waiting)
    if (!this.#stopAsking) this.#ask(question, lane)
  }

  #ask({ what, call, explain }: Question, lane: Lane): void {
    const controller = new AbortController()
    const stop = (): void => controller.abort()
    this.#stopAsking = stop
    const failAll = (error: unknown): void => {
      if (this.#stopAsking !== stop) return // It was stopped.
      this.#stopAsking = undefined
      for (const waiting of this.#waiting) waiting.fail(error)
    }
    // Each who waits has its own time.
    const terms = { what, timeoutMs: Infinity, signal: controller.signal }
    lane.call(call, terms, {
      done: () => {
        this.#stopAsking = undefined
        this.#isReached = true
        for (const waiting of this.#waiting) waiting.goOn()
      },
      refused: (refusal) => failAll(explain(refusal)),
      failed: failAll,
    })
  }
}
