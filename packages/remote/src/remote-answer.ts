import type { ActorRef, DeadLetterReason, Delivery } from '@casty/actor'
import type { Peer } from './peer.ts'

/** What carries answers. */
export interface AnswerCarrier {
  answer(to: RemoteAnswer, message: unknown): void
  unanswered(to: RemoteAnswer, reason: DeadLetterReason): void
  late(to: RemoteAnswer, message: unknown): void
}

/** Where an answer goes that somebody on another node waits for. */
export class RemoteAnswer implements ActorRef<unknown>, Delivery {
  readonly peer: Peer
  readonly slot: number
  readonly generation: number
  /** What an instrument had travel with the question. */
  carried: unknown = undefined
  readonly #carrier: AnswerCarrier
  #isOver = false

  constructor(carrier: AnswerCarrier, peer: Peer, slot: number, generation: number) {
    this.#carrier = carrier
    this.peer = peer
    this.slot = slot
    this.generation = generation
  }

  get path(): string {
    return `${this.peer.node.key}?${this.slot}.${this.generation}`
  }

  /** @throws RemoteError `CASTY_REMOTE_NOT_SERIALIZABLE`, which whoever waits is told as well */
  tell(answer: unknown): void {
    if (this.#isOver) {
      this.#carrier.late(this, answer)
      return
    }
    this.#isOver = true
    this.#carrier.answer(this, answer)
  }

  undelivered(reason: DeadLetterReason): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#carrier.unanswered(this, reason)
  }
}
