// The side of those who come to a barrier: they arrive again until they are answered, so that it does not matter
// where the barrier lives, or how often it moves meanwhile.
import { ActorError, type ActorRef, type ActorSystem } from '@casty/actor'
import type { EntityRegion } from '@casty/sharding'
import { ClusterSystemError } from '../errors.ts'
import type { BarrierAnswer, BarrierMessage } from './barrier-messages.ts'
import { againMs } from './barrier-rounds.ts'

/** How long to wait at a barrier. */
export interface BarrierOptions {
  /** In milliseconds. @defaultValue 60_000 */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** What all have to be told of a round grows with it, and so does what each of them is told. */
export const maxParties = 1_000

/** Where nobody can take it, it waits so long before it tries again, in milliseconds. */
const pauseMs = 100
/** Who wants to wait no longer waits so long at most for word that it is not counted, in milliseconds. */
const withdrawMs = 1_000
/** For so long others are told that a round is complete, in milliseconds: they have the time to arrive again. */
const confirmMs = 10_000

/** One party of one round. */
interface Arrival {
  readonly name: string
  readonly id: string
  readonly parties: number
  /** When it waits no longer. */
  readonly until: number
  readonly signal: AbortSignal
}

export class Barriers {
  readonly #system: ActorSystem
  readonly #region: EntityRegion<BarrierMessage>
  readonly #node: () => string
  #arrivals = 0

  /**
   * @param node - what no other node is called, nor this one in another life: until it is a member it may turn out that
   * it needs a later incarnation than it took
   */
  constructor(system: ActorSystem, region: EntityRegion<BarrierMessage>, node: () => string) {
    this.#system = system
    this.#region = region
    this.#node = node
  }

  /**
   * Resolves when all parties are there.
   *
   * @param ended - aborted when the node cannot wait any more
   */
  async arrive(
    name: string,
    parties: number,
    { timeoutMs = 60_000, signal }: BarrierOptions,
    ended: AbortSignal,
  ): Promise<void> {
    const arrival: Arrival = {
      name,
      parties,
      id: `${this.#node()}/${++this.#arrivals}`,
      until: this.#now + timeoutMs,
      signal: signal ? AbortSignal.any([signal, ended]) : ended,
    }
    this.#region.ref(name) // The name is refused here, where it is none.
    const round = await this.#pass(arrival, timeoutMs, ended)
    if (parties > 1) void this.#confirm(arrival, round, ended)
  }

  async #pass(arrival: Arrival, timeoutMs: number, ended: AbortSignal): Promise<readonly string[]> {
    try {
      return await this.#wait(arrival, timeoutMs)
    } catch (error) {
      if (ended.aborted) throw error // Nobody can be told: it is not counted any more when it arrives no more.
      const round = await this.#withdraw(arrival, ended)
      if (round) return round // It was just about to pass.
      throw error
    }
  }

  async #wait(arrival: Arrival, timeoutMs: number): Promise<readonly string[]> {
    const { name, id, parties, signal, until } = arrival
    for (let isAgain = false; ; isAgain = true) {
      signal.throwIfAborted()
      const leftMs = until - this.#now
      if (leftMs <= 0) throw ClusterSystemError.barrierTimeout(name, parties, timeoutMs)
      // eslint-disable-next-line no-await-in-loop -- It arrives again where it was not answered.
      const answer = await this.#ask(arrival, leftMs, signal, (replyTo) => ({
        type: 'arrive',
        id,
        isAgain,
        parties,
        replyTo,
      }))
      if (answer?.type === 'passed') return answer.round
      if (answer?.type === 'mismatch') {
        throw ClusterSystemError.barrierMismatch(name, parties, answer.parties)
      }
    }
  }

  /** @returns its round, where that is complete after all */
  async #withdraw(arrival: Arrival, ended: AbortSignal): Promise<readonly string[] | undefined> {
    const { id } = arrival
    try {
      const answer = await this.#ask(arrival, withdrawMs, ended, (replyTo) => ({
        type: 'withdraw',
        id,
        replyTo,
      }))
      return answer?.type === 'passed' ? answer.round : undefined
    } catch {
      return undefined // What it gave up for is told.
    }
  }

  /** Nobody waits for this: it is for others, who may not know yet that all are there. Never rejects. */
  async #confirm(arrival: Arrival, round: readonly string[], ended: AbortSignal): Promise<void> {
    const until = this.#now + confirmMs
    const { id } = arrival
    while (until > this.#now && !ended.aborted) {
      try {
        // eslint-disable-next-line no-await-in-loop -- It is told again where it was not answered.
        const answer = await this.#ask(arrival, until - this.#now, ended, (replyTo) => ({
          type: 'confirm',
          id,
          round,
          replyTo,
        }))
        if (answer?.type === 'confirmed') return
      } catch {
        return // This node ends, and cannot tell anybody.
      }
    }
  }

  /** @returns undefined where there was no answer, and it may be asked again */
  async #ask(
    { name }: Arrival,
    leftMs: number,
    signal: AbortSignal,
    makeMessage: (replyTo: ActorRef<BarrierAnswer>) => BarrierMessage,
  ): Promise<BarrierAnswer | undefined> {
    const timeoutMs = Math.min(againMs, leftMs)
    try {
      return await this.#region.ask<BarrierAnswer>(name, makeMessage, { timeoutMs, signal })
    } catch (error) {
      if (!(error instanceof ActorError)) throw error
      if (error.code === 'CASTY_ACTOR_ASK_UNANSWERED') await this.#pause(Math.min(pauseMs, leftMs))
      else if (error.code !== 'CASTY_ACTOR_ASK_TIMEOUT') throw error
      return undefined
    }
  }

  async #pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#system.clock.schedule(delayMs, resolve)
    })
  }

  get #now(): number {
    return this.#system.clock.now()
  }
}
