// Messages that become messages of an actor only in its own turn.
import type { ActorRef } from './actor-ref.ts'
import type { Cell } from './cell.ts'
import { Envelope } from './envelope.ts'

/** The outcome of a promise, for the incarnation that waits for it. */
export class Outcome extends Envelope {
  readonly #cell: Cell
  readonly #restarts: number
  readonly #open: () => unknown

  constructor(cell: Cell, restarts: number, open: () => unknown) {
    super()
    this.#cell = cell
    this.#restarts = restarts
    this.#open = open
  }

  override get isValid(): boolean {
    return (this.#cell.extras?.restarts ?? 0) === this.#restarts
  }

  override get content(): unknown {
    return undefined // It exists only once it is opened.
  }

  override open(): unknown {
    return this.#open()
  }

  /** Nobody sent it. */
  override undelivered(): void {}
}

/** For senders that know other messages than the actor does. */
export class AdaptedRef<A, M> implements ActorRef<A> {
  readonly #cell: Cell
  readonly #map: (message: A) => M

  constructor(cell: Cell, map: (message: A) => M) {
    this.#cell = cell
    this.#map = map
  }

  get path(): string {
    return this.#cell.path
  }

  tell(message: A): void {
    this.#cell.enqueue(new Adapted(message, () => this.#map(message)))
  }
}

class Adapted extends Envelope {
  override readonly content: unknown
  override readonly isValid = true
  readonly #map: () => unknown

  constructor(content: unknown, map: () => unknown) {
    super()
    this.content = content
    this.#map = map
  }

  override open(): unknown {
    return this.#map()
  }
}
