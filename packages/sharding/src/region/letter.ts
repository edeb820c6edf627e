import type { DeadLetterReason, Delivery } from '@casty/actor'
import type { NodeIdentity } from '@casty/transport'

/** What letters come from: it counts those that are not handled, and takes them back from entities that had stopped. */
export interface LetterKeeper {
  /** Where letters for an entity are told to. */
  pathOf(entityId: string): string
  /** @returns false where it cannot bring it elsewhere either */
  takesBack(letter: Letter): boolean
  /** One is a dead letter, of the region or of its entity. */
  dropped(reason: DeadLetterReason): void
}

/** A message on its way to an entity, with whoever waits for the answer. */
export class Letter implements Delivery {
  readonly #keeper: LetterKeeper
  readonly shard: number
  readonly entityId: string
  readonly message: unknown
  /** Whoever waits for an answer: an `AnswerRef` where that is here. */
  readonly answer: Delivery | undefined
  readonly carried: unknown
  /** The node that it came from; undefined where it was sent here. */
  readonly from: NodeIdentity | undefined
  /** How often it came back from a node that did not own the shard. */
  returns = 0
  /** How many lives of its entity ended before they came to it. */
  lives = 0
  /** The shard, under its epoch, that handed it to its entity here. */
  handedBy: { readonly epoch: number } | undefined = undefined

  constructor(
    keeper: LetterKeeper,
    shard: number,
    entityId: string,
    message: unknown,
    answer?: Delivery,
    carried?: unknown,
    from?: NodeIdentity,
  ) {
    this.#keeper = keeper
    this.shard = shard
    this.entityId = entityId
    this.message = message
    this.answer = answer
    this.carried = carried
    this.from = from
  }

  /** The same whether it is dropped before its entity, or by that. */
  get path(): string {
    return this.#keeper.pathOf(this.entityId)
  }

  /** One who stopped by itself did not mean what came behind: its next life handles that. */
  takesBack(reason: DeadLetterReason): boolean {
    return reason === 'stopped' && this.#keeper.takesBack(this)
  }

  undelivered(reason: DeadLetterReason, cause?: unknown): void {
    this.#keeper.dropped(reason)
    this.answer?.undelivered(reason, cause)
  }
}
