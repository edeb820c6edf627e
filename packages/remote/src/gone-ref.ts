import {
  DistantRef,
  type ActorSystem,
  type AnswerRef,
  type DeadLetterReason,
  type Ending,
} from '@casty/actor'
import type { NodeIdentity } from '@casty/transport'

const nothingToDo: Disposable = { [Symbol.dispose]: () => {} }

/** A ref that came home to an actor which lives no more, or an answer that nobody waits for any more. */
export class GoneRef extends DistantRef<unknown> {
  readonly node: NodeIdentity
  readonly uid: number
  readonly path: string
  readonly #system: ActorSystem
  readonly #reason: DeadLetterReason

  constructor(
    system: ActorSystem,
    node: NodeIdentity,
    uid: number,
    path: string,
    reason: DeadLetterReason,
  ) {
    super()
    this.#system = system
    this.node = node
    this.uid = uid
    this.path = path
    this.#reason = reason
  }

  get key(): string {
    return `${this.node.key}${this.path}!${this.uid}`
  }

  tell(message: unknown): void {
    this.#system.publishDeadLetter(this.path, message, this.#reason)
  }

  ask(message: unknown, answer: AnswerRef): void {
    this.tell(message)
    answer.undelivered(this.#reason)
  }

  watch(ended: (ending: Ending) => void): Disposable {
    ended('stopped')
    return nothingToDo
  }
}
