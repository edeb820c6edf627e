// A barrier, as a state machine: who waits, and which rounds are complete. Pure: it is told the time.
//
// It lives in memory. Where it moves in good order it takes what it knows along; where its node dies it begins anew
// elsewhere. Who waits arrives again. Who has passed may be alone with that knowledge, where the node died
// before the others were told; so each of them tells the barrier of the whole round, again and again, until all of that
// round have done so. A barrier that hears of an arrival for the first time which was sent before waits for a moment
// for such news, before it takes it for a new one.
import type { BarrierAnswer } from './barrier-messages.ts'

/** Who waits, or has passed, tells so again after so long, where it is not answered; in milliseconds. */
export const againMs = 1_000
/** An arrival that is new here, although it was sent before, completes no round for so long, in milliseconds. */
const doubtMs = 2.5 * againMs
/** Who did not arrive again for so long is gone, in milliseconds. */
const arrivalMs = 5 * againMs
/** For so long a complete round is remembered, for those who have not heard of it, in milliseconds. */
const roundMs = 30 * againMs
/** … and so many of them. */
const maxRounds = 64

interface Arrival<R> {
  /** Undefined where it arrived where the barrier was before. */
  readonly replyTo: R | undefined
  readonly at: number
  /** Until then it may turn out to have passed. */
  readonly doubtfulUntil: number
}

interface Round<R> {
  readonly ids: readonly string[]
  readonly completeAt: number
  readonly unconfirmed: Set<string>
  /** Who waits until all have confirmed. */
  readonly replies: R[]
}

/** What a barrier takes along when it moves. */
export interface BarrierState {
  readonly parties: number
  /** `doubtfulForMs` counts from now: clocks of nodes have nothing in common. */
  readonly waiting: readonly { readonly id: string; readonly doubtfulForMs: number }[]
  readonly rounds: readonly {
    readonly ids: readonly string[]
    readonly unconfirmed: readonly string[]
  }[]
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

  /** @param before - what it was where it lived before */
  constructor(before: BarrierState | undefined, now: number) {
    if (!before) return
    this.#parties = before.parties
    for (const { ids, unconfirmed } of before.rounds) this.#remember(ids, unconfirmed, now)
    for (const { id, doubtfulForMs } of before.waiting) {
      const doubtfulUntil = now + doubtfulForMs
      this.#waiting.set(id, { replyTo: undefined, at: now, doubtfulUntil })
    }
  }

  arrive(id: string, isAgain: boolean, parties: number, replyTo: R, now: number): Answers<R> {
    this.#expire(now)
    const passed = this.#roundOf.get(id)
    if (passed) return [[replyTo, { type: 'passed', round: passed.ids }]]
    if (this.#waiting.size === 0) this.#parties = parties
    if (parties !== this.#parties) {
      return [[replyTo, { type: 'mismatch', parties: this.#parties }]]
    }
    const { doubtfulUntil = isAgain ? now + doubtMs : now } = this.#waiting.get(id) ?? {}
    this.#waiting.delete(id)
    this.#waiting.set(id, { replyTo, at: now, doubtfulUntil })
    const certain = [...this.#waiting].filter(([, arrival]) => arrival.doubtfulUntil <= now)
    return certain.length < parties
      ? []
      : this.#complete(certain.map(([one]) => one).slice(0, parties), now)
  }

  withdraw(id: string, replyTo: R): Answers<R> {
    const passed = this.#roundOf.get(id)
    if (passed) return [[replyTo, { type: 'passed', round: passed.ids }]]
    this.#waiting.delete(id)
    return [[replyTo, { type: 'withdrawn' }]]
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

  /** It ends here: whoever waits for an answer has to ask again. */
  end(): Answers<R> {
    const unanswered = [
      ...[...this.#waiting.values()].map(({ replyTo }) => replyTo),
      ...this.#rounds.flatMap(({ replies }) => replies),
    ]
    return unanswered.flatMap((replyTo) =>
      replyTo === undefined ? [] : [[replyTo, { type: 'again' }] as const],
    )
  }

  state(now: number): BarrierState {
    return {
      parties: this.#parties,
      waiting: [...this.#waiting].map(([id, { doubtfulUntil }]) => {
        return { id, doubtfulForMs: Math.max(0, doubtfulUntil - now) }
      }),
      rounds: this.#rounds.map(({ ids, unconfirmed }) => ({ ids, unconfirmed: [...unconfirmed] })),
    }
  }

  #complete(ids: readonly string[], now: number): Answers<R> {
    const answers: [R, BarrierAnswer][] = []
    this.#remember(ids, ids, now)
    for (const id of ids) {
      const { replyTo } = this.#waiting.get(id) ?? {}
      this.#waiting.delete(id)
      if (replyTo !== undefined) answers.push([replyTo, { type: 'passed', round: ids }])
    }
    return answers
  }

  #remember(ids: readonly string[], unconfirmed: readonly string[], now: number): void {
    const round: Round<R> = { ids, completeAt: now, unconfirmed: new Set(unconfirmed), replies: [] }
    for (const id of ids) this.#roundOf.set(id, round)
    this.#rounds.push(round)
    if (this.#rounds.length > maxRounds) this.#forgetOldest()
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
