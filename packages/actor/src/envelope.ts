import type { Call } from './call.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Runtime } from './runtime.ts'

/**
 * A message that comes with more than itself: whom it answers to, or whether it still counts. Handlers see
 * what is in it.
 */
export abstract class Envelope {
  /** What is in it, as far as a dead letter tells. */
  abstract readonly content: unknown
  /** Whether to hand it over, now that its turn has come. */
  abstract readonly isValid: boolean
  /** It is owed to the actor, which began what it is about: there is room for it always. */
  get isOwed(): boolean {
    return false
  }

  /** What an instrument has travel with it. */
  get carried(): unknown {
    return undefined
  }

  /** The question that it asks. */
  get call(): Call | undefined {
    return undefined
  }

  /** Called in the turn of the actor: what it throws is that one's failure. */
  abstract open(): unknown
  /** Whether opening it gave that message. */
  gave(message: unknown): boolean {
    return this.content === message
  }

  /**
   * It was opened, and is to come again: whatever opening it ended goes on until then.
   *
   * @returns what is to come
   */
  shelve(): unknown {
    return this
  }

  /**
   * It will not be handled.
   *
   * @param _cause - what was thrown, where that is why: for whoever waits for an answer
   */
  undelivered(path: string, reason: DeadLetterReason, runtime: Runtime, _cause?: unknown): void {
    runtime.deadLetter(path, this.content, reason)
  }
}
