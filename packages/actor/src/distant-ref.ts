// What layers above need to have refs that mean something else than an actor of this system: one of
// another node, an entity, whoever is responsible.
import type { ActorRef } from './actor-ref.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Delivery } from './delivery.ts'
import type { Ending } from './signal.ts'

/** A ref whose actor is not of this system, or not known beforehand: asked and watched through itself. */
export abstract class DistantRef<in M> implements ActorRef<M> {
  abstract readonly path: string
  /** Refs with the same key are to the same actor: who watches one watches the other. */
  abstract readonly key: string
  abstract tell(message: M): void
  /**
   * Asks, in place of `tell`: `message` holds `answer`, or not. Where no answer can come any more, it says so
   * by `answer.undelivered()`; what it throws is the outcome of the question too.
   */
  abstract ask(message: M, answer: AnswerRef): void
  /**
   * Has `ended` called once, when the actor is no more; also before it returns, where that is known.
   *
   * @returns disposed of, it is not called any more
   */
  abstract watch(ended: (ending: Ending) => void): Disposable
}

/** Told when an answer is waited for no more, by the number that it is held under. */
export interface AnswerHolder {
  answerOver(slot: number): void
}

/** Where one answer goes that somebody in this system waits for. */
export abstract class AnswerRef<in R = never> implements ActorRef<R>, Delivery {
  abstract readonly path: string
  abstract tell(answer: R): void
  /** It came, or is waited for no more. */
  abstract readonly isOver: boolean
  /** None will come: whoever waits is told, with the reason. */
  abstract undelivered(reason: DeadLetterReason, cause?: unknown): void
  /** Who is told once it is over, besides whoever waits: one holder, the last who asks for it. */
  abstract heldBy(holder: AnswerHolder, slot: number): void
  /** The number that it is held under there; undefined where that is not its holder. */
  abstract slotAt(holder: AnswerHolder): number | undefined
}
