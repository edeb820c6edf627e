// What one session asks of one part without changing anything: each until it is answered, or its time is over.
import { DDataError } from '../errors.ts'
import { endedOf } from './endings.ts'
import { untilEnded, type CallEnd, type CallTerms, type PendingRead } from './pending.ts'

export class ReadsUnderWay {
  readonly #reads = new Map<number, PendingRead>()
  #last = 0

  get size(): number {
    return this.#reads.size
  }

  all(): Iterable<PendingRead> {
    return this.#reads.values()
  }

  /** @param after - the number of the last call before it */
  begin(
    call: Uint8Array,
    terms: CallTerms,
    end: CallEnd,
    isStrict: boolean,
    after: number,
    now: number,
  ): PendingRead {
    const number = ++this.#last
    const pending: PendingRead = {
      type: 'read',
      number,
      end: untilEnded(end, terms, () => {
        if (!this.#reads.delete(number)) return
        pending.end.failed(DDataError.aborted(terms.what, 'no', terms.signal?.reason))
      }),
      after,
      isStrict,
      call,
      terms,
      deadline: now + terms.timeoutMs,
      sentAt: now,
    }
    this.#reads.set(number, pending)
    return pending
  }

  answered(number: number, answer: Uint8Array): void {
    const pending = this.#reads.get(number)
    if (!pending) return
    this.#reads.delete(number)
    const { end } = pending
    const ended = endedOf(answer, end)
    if (!ended) return
    if (ended.type === 'done') end.done(ended.result)
    else end.refused(ended.refusal)
  }

  /** @param whyNot - nothing is answered, where that is known */
  endLate(now: number, whyNot: () => string | undefined): void {
    for (const { number, deadline, terms, end } of this.#reads.values()) {
      if (deadline > now) continue
      this.#reads.delete(number)
      const { what, timeoutMs } = terms
      const why = whyNot()
      end.failed(
        why === undefined
          ? DDataError.timeout(what, timeoutMs, 'no')
          : DDataError.unavailable(what, why, 'no'),
      )
    }
  }

  /** Calls are numbered anew: none comes before those that wait. @returns them, to be sent again */
  renumbered(): readonly PendingRead[] {
    const anew = [...this.#reads.values()].map((read) => ({ ...read, after: 0 }))
    for (const read of anew) this.#reads.set(read.number, read)
    return anew
  }

  /** When the time of the next one is over. */
  get nextDeadline(): number {
    let next = Infinity
    for (const { deadline } of this.#reads.values()) next = Math.min(next, deadline)
    return next
  }

  /** When the next one is to be sent again. */
  nextResend(resendMs: number): number {
    let next = Infinity
    for (const { sentAt } of this.#reads.values()) next = Math.min(next, sentAt + resendMs)
    return next
  }

  /** None of them is under way any more. @returns them */
  takeAll(): readonly PendingRead[] {
    const reads = [...this.#reads.values()]
    this.#reads.clear()
    return reads
  }
}
