import type { ActorRef } from '../actor-ref.ts'
import { ActorError } from '../errors.ts'
import type { Ending } from '../signal.ts'
import { alike, written } from './alike.ts'

/** What a probe's actor keeps for it. */
export interface ProbeNotes<M> {
  readonly messages: M[]
  readonly ends: Map<ActorRef<never>, Ending>
}

/**
 * An actor that a test stands behind. Expectations look when nobody has anything to do any more, so none
 * waits, and none is early; what takes time takes it from `pass()` of the kit.
 */
export class TestProbe<M> {
  readonly ref: ActorRef<M>
  readonly #notes: ProbeNotes<M>
  readonly #watch: (ref: ActorRef<never>) => void
  readonly #idle: () => Promise<void>

  constructor(
    ref: ActorRef<M>,
    notes: ProbeNotes<M>,
    watch: (ref: ActorRef<never>) => void,
    idle: () => Promise<void>,
  ) {
    this.ref = ref
    this.#notes = notes
    this.#watch = watch
    this.#idle = idle
  }

  /** What it was told and has not taken, oldest first. */
  get messages(): readonly M[] {
    return [...this.#notes.messages]
  }

  /** Takes the oldest message. Rejects with `CASTY_ACTOR_EXPECTATION_FAILED` where there is none. */
  async receive(): Promise<M> {
    return await this.#take(() => true, 'a message')
  }

  /** Takes the oldest message, which must be that: the same data, refs by identity. */
  async expect(expected: M): Promise<M> {
    await this.#idle()
    const [first] = this.#notes.messages
    if (this.#notes.messages.length > 0 && alike(first, expected)) return await this.receive()
    throw this.#failed(`${written(expected)} next`)
  }

  /** Takes the oldest message like that, and throws away what came before it. */
  async fish<F extends M>(isWanted: (message: M) => message is F): Promise<F>
  async fish(isWanted: (message: M) => boolean): Promise<M>
  async fish(isWanted: (message: M) => boolean): Promise<M> {
    return await this.#take(isWanted, 'a message that is wanted')
  }

  async #take(isWanted: (message: M) => boolean, what: string): Promise<M> {
    await this.#idle()
    const { messages } = this.#notes
    const position = messages.findIndex(isWanted)
    if (position < 0) throw this.#failed(what)
    return messages.splice(0, position + 1)[position] as M // It was found there.
  }

  /** Nothing is there that was not taken. */
  async expectNothing(): Promise<void> {
    await this.#idle()
    if (this.#notes.messages.length > 0) throw this.#failed('nothing')
  }

  /** Must be called before `expectStopped`. */
  watch(ref: ActorRef<never>): void {
    this.#watch(ref)
  }

  /** That one, which is watched, has stopped. @returns why */
  async expectStopped(ref: ActorRef<never>): Promise<Ending> {
    await this.#idle()
    const ending = this.#notes.ends.get(ref)
    if (ending) return ending
    throw ActorError.expectationFailed(`${this.ref.path} has not heard that ${ref.path} stopped.`)
  }

  #failed(expected: string): ActorError {
    const { messages } = this.#notes
    const told = messages.length === 0 ? 'nothing' : messages.map(written).join(', ')
    return ActorError.expectationFailed(
      `${this.ref.path} expected ${expected}, and has been told ${told}.`,
    )
  }
}
