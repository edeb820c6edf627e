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
  /** Of who waits. */
  readonly signal: AbortSignal | undefined
  /** Of the node: what is asked until then stays asked, for the barrier answers whoever waits when it ends as well. */
  readonly ended: AbortSignal
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
      signal,
      ended,
    }
    this.#region.ref(name) // The name is refused here, where it is none.
    const round = await this.#passBeforeEnd(arrival, timeoutMs)
    if (parties > 1) void this.#confirm(arrival, round)
  }

  /** Who waits on a node that ends is told so at once; the barrier is as soon as that goes, and nobody waits for it. */
  async #passBeforeEnd(arrival: Arrival, timeoutMs: number): Promise<readonly string[]> {
    const { ended } = arrival
    try {
      return await beforeAbort(ended, this.#pass(arrival, timeoutMs))
    } catch (error) {
      if (ended.aborted && !isDowned(ended.reason)) void this.#withdraw(arrival)
      throw error
    }
  }

  async #pass(arrival: Arrival, timeoutMs: number): Promise<readonly string[]> {
    try {
      return await this.#wait(arrival, timeoutMs)
    } catch (error) {
      if (arrival.ended.aborted) throw error
      const round = await this.#withdraw(arrival)
      if (round) return round // It was just about to pass.
      throw error
    }
  }

  async #wait(arrival: Arrival, timeoutMs: number): Promise<readonly string[]> {
    const { name, id, parties, signal, ended, until } = arrival
    for (let isAgain = false; ; isAgain = true) {
      signal?.throwIfAborted()
      ended.throwIfAborted()
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
  async #withdraw(arrival: Arrival): Promise<readonly string[] | undefined> {
    const { id } = arrival
    try {
      const answer = await this.#ask(arrival, withdrawMs, undefined, (replyTo) => ({
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
  async #confirm(arrival: Arrival, round: readonly string[]): Promise<void> {
    const until = this.#now + confirmMs
    const { id, ended } = arrival
    while (until > this.#now && !ended.aborted) {
      try {
        // eslint-disable-next-line no-await-in-loop -- It is told again where it was not answered.
        const answer = await this.#ask(arrival, until - this.#now, undefined, (replyTo) => ({
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
    { name, ended }: Arrival,
    leftMs: number,
    signal: AbortSignal | undefined,
    makeMessage: (replyTo: ActorRef<BarrierAnswer>) => BarrierMessage,
  ): Promise<BarrierAnswer | undefined> {
    const timeoutMs = Math.min(againMs, leftMs)
    try {
      return await this.#region.ask<BarrierAnswer>(name, makeMessage, {
        timeoutMs,
        ...(signal && { signal }),
      })
    } catch (error) {
      if (!(error instanceof ActorError)) throw error
      if (ended.aborted) return undefined
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

/** Nobody can be told by a node that is no member any more: it is not counted when it arrives no more. */
function isDowned(reason: unknown): boolean {
  if (!(reason instanceof ClusterSystemError)) return false
  return reason.code === 'CASTY_CLUSTER_DOWNED' || reason.code === 'CASTY_CLUSTER_FORBIDDEN'
}

/** What the work comes to; rejects with the reason of the signal where that is aborted first. */
async function beforeAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return await new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason)
    const forget = (): void => signal.removeEventListener('abort', aborted)
    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
    work.then(resolve, reject).then(forget, forget)
  })
}
