// A barrier, as a state machine: who waits, and which rounds are complete. Pure: it is told the time.
//
// It lives in memory, and may begin anew on another node at any moment. Who waits arrives again. Who has passed
// may be alone with that knowledge, where the barrier ended before it could tell the others; so each of them tells
// the barrier of the whole round, again and again, until all of that round have done so.
import type { BarrierAnswer } from './barrier-messages.ts'

/** Who did not arrive again for so long is gone, in milliseconds. */
const arrivalMs = 5_000
/** For so long a complete round is remembered, for those who have not heard of it, in milliseconds. */
const roundMs = 30_000
/** … and so many of them. */
const maxRounds = 64

interface Arrival<R> {
  readonly replyTo: R
  readonly at: number
}

interface Round<R> {
  readonly ids: readonly string[]
  readonly completeAt: number
  readonly unconfirmed: Set<string>
  /** Who waits until all have confirmed. */
  readonly replies: R[]
}

/** Answers that are to be sent. */
export type Answers<R> = readonly (readonly [to: R, answer: BarrierAnswer])[]

/** One barrier. `R` is where answers go. */
export class BarrierRounds<R> {
  #parties = 0
  /** In the order in which they last arrived. */
  readonly #waiting = new Map<string, Arrival<R>>()
  /** Complete ones, oldest first. */
  readonly #rounds: Round<R>[] = []
  readonly #roundOf = new Map<string, Round<R>>()

  arrive(id: string, parties: number, replyTo: R, now: number): Answers<R> {
    this.#expire(now)
    const passed = this.#roundOf.get(id)
    if (passed) return [[replyTo, { type: 'passed', round: passed.ids }]]
    if (this.#waiting.size === 0) this.#parties = parties
    if (parties !== this.#parties) {
      return [[replyTo, { type: 'mismatch', parties: this.#parties }]]
    }
    this.#waiting.delete(id)
    this.#waiting.set(id, { replyTo, at: now })
    if (this.#waiting.size < parties) return []
    return this.#complete([...this.#waiting.keys()], now)
  }

  withdraw(id: string): void {
    this.#waiting.delete(id)
  }

  confirm(id: string, ids: readonly string[], replyTo: R, now: number): Answers<R> {
    this.#expire(now)
    const answers = this.#roundOf.has(id) ? [] : this.#complete(ids, now)
    const round = this.#roundOf.get(id)
    if (!round) return answers // It is none of its own round.
    round.unconfirmed.delete(id)
    round.replies.push(replyTo)
    if (round.unconfirmed.size > 0) return answers
    const confirmed = round.replies.map((to) => [to, { type: 'confirmed' }] as const)
    round.replies.length = 0
    return [...answers, ...confirmed]
  }

  /** It moves, or ends: whoever waits has to arrive again. */
  end(): Answers<R> {
    const answers = [...this.#waiting.values()].map(
      ({ replyTo }) => [replyTo, { type: 'again' }] as const,
    )
    this.#waiting.clear()
    return answers
  }

  #complete(ids: readonly string[], now: number): Answers<R> {
    const round: Round<R> = { ids, completeAt: now, unconfirmed: new Set(ids), replies: [] }
    const answers: [R, BarrierAnswer][] = []
    for (const id of ids) {
      this.#roundOf.set(id, round)
      const arrival = this.#waiting.get(id)
      if (!arrival) continue
      this.#waiting.delete(id)
      answers.push([arrival.replyTo, { type: 'passed', round: ids }])
    }
    this.#rounds.push(round)
    if (this.#rounds.length > maxRounds) this.#forgetOldest()
    return answers
  }

  #expire(now: number): void {
    for (const [id, { at }] of this.#waiting) {
      if (now - at <= arrivalMs) break
      this.#waiting.delete(id)
    }
    while (now - (this.#rounds[0]?.completeAt ?? now) > roundMs) this.#forgetOldest()
  }

  #forgetOldest(): void {
    const oldest = this.#rounds.shift()
    for (const id of oldest?.ids ?? []) {
      if (this.#roundOf.get(id) === oldest) this.#roundOf.delete(id)
    }
  }
}
