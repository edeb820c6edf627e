import type { Cell } from './cell.ts'
import { Envelope } from './envelope.ts'
import type { Ties } from './ties.ts'

/**
 * Word that somebody has stopped, on its way to a watcher: in order with the messages that the one who
 * stopped sent before.
 */
export class Termination extends Envelope {
  readonly #ties: Ties
  readonly #target: Cell
  override readonly content: unknown
  /** A signal, as opposed to a message that the watcher asked for. */
  readonly isSignal: boolean

  constructor(ties: Ties, target: Cell, content: unknown, isSignal: boolean) {
    super()
    this.#ties = ties
    this.#target = target
    this.content = content
    this.isSignal = isSignal
  }

  get path(): string {
    return this.#target.path
  }

  /** It may be watched no more. */
  override get isValid(): boolean {
    return this.#ties.isWatching(this.#target)
  }

  override open(): unknown {
    this.#ties.heardOf(this.#target)
    return this.content
  }

  /** Nobody said it, so nobody misses it. */
  override undelivered(): void {}
}
