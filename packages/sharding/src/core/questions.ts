// Decisions of people that this node has to tell the coordinator, again until it answers: there may be none yet, or
// another by then.
import type { RecoverMessage } from '../protocol.ts'

/** More are asked once the first ones have their answers. */
const maxAtOnce = 100

/** Mutable, and of its owner alone. */
export class Questions {
  readonly #open = new Map<number, RecoverMessage>()

  asked(question: RecoverMessage): void {
    this.#open.set(question.id, question)
  }

  /** Nobody waits for an answer any more. */
  settled(id: number): void {
    this.#open.delete(id)
  }

  /** What is to be asked of the coordinator, whoever that is. */
  take(): readonly RecoverMessage[] {
    return this.#taken([...this.#open.values()])
  }

  /** The same of those that nobody was asked so far. */
  takeNew(): readonly RecoverMessage[] {
    return this.#taken([...this.#open.values()].filter(({ isAgain }) => !isAgain))
  }

  /** The first ones, which come last from now on: each has its turn. */
  #taken(open: readonly RecoverMessage[]): readonly RecoverMessage[] {
    const questions = open.slice(0, maxAtOnce)
    for (const question of questions) {
      this.#open.delete(question.id)
      this.#open.set(question.id, { ...question, isAgain: true })
    }
    return questions
  }
}
