import type { DeadLetterReason } from './dead-letter.ts'
import { Envelope } from './envelope.ts'
import type { Runtime } from './runtime.ts'
import type { Ties, Watched } from './ties.ts'

/**
 * Word that somebody has stopped, on its way to a watcher: in order with the messages that the one who
 * stopped sent before.
 */
export class Termination extends Envelope {
  readonly #ties: Ties
  readonly #target: Watched
  readonly #wanted: unknown
  override readonly content: unknown
  /** A signal, as opposed to a message that the watcher asked for. */
  readonly isSignal: boolean

  /** @param wanted - what the watcher wants to be told: it may be something else by now */
  constructor(ties: Ties, target: Watched, wanted: unknown, content: unknown, isSignal: boolean) {
    super()
    this.#ties = ties
    this.#target = target
    this.#wanted = wanted
    this.content = content
    this.isSignal = isSignal
  }

  override get isOwed(): boolean {
    return true
  }

  get path(): string {
    return this.#target.path
  }

  /** It may be watched no more, or otherwise. */
  override get isValid(): boolean {
    return this.#ties.isWatching(this.#target, this.#wanted)
  }

  override open(): unknown {
    this.#ties.heardOf(this.#target)
    return this.content
  }

  override shelve(): unknown {
    this.#ties.expect(this.#target, this.#wanted)
    return this
  }

  /** Nobody said it, so nobody misses it; unless it is a message that was not understood. */
  override undelivered(path: string, reason: DeadLetterReason, runtime: Runtime): void {
    if (reason !== 'stopped' && !this.isSignal) super.undelivered(path, reason, runtime)
  }
}
