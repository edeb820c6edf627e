import type { ActorRef } from '../actor-ref.ts'
import { ActorError } from '../errors.ts'
import { nothing } from '../nothing.ts'

/** A ref with nobody behind it, which keeps what it is told: for behaviors that are tested alone. */
export class TestInbox<M> implements ActorRef<M> {
  readonly path: string
  readonly #messages: M[] = []

  constructor(path = '/inbox') {
    this.path = path
  }

  tell(message: M): void {
    this.#messages.push(message)
  }

  /** What was told and not taken, oldest first. */
  get messages(): readonly M[] {
    return [...this.#messages]
  }

  /** The oldest. @throws ActorError `CASTY_ACTOR_EXPECTATION_FAILED` where there is none */
  take(): M {
    const [first = nothing] = this.#messages.splice(0, 1)
    if (first === nothing) throw ActorError.expectationFailed(`${this.path} was told nothing.`)
    return first
  }
}
