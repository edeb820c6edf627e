// Messages that become messages of an actor only in its own turn.
import type { ActorRef } from './actor-ref.ts'
import type { Cell } from './cell.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Delivery } from './delivery.ts'
import { Envelope } from './envelope.ts'
import { carriedTo } from './instrument.ts'
import { nothing } from './nothing.ts'
import type { Runtime } from './runtime.ts'

/** What is in it is made when it is opened, once, however often that happens. */
abstract class Sealed extends Envelope {
  readonly #make: () => unknown
  #made: unknown = nothing

  constructor(make: () => unknown) {
    super()
    this.#make = make
  }

  /** What was sent, as long as nothing was made of it. */
  protected abstract readonly sent: unknown

  protected get isMade(): boolean {
    return this.#made !== nothing
  }

  override get content(): unknown {
    return this.isMade ? this.#made : this.sent
  }

  override open(): unknown {
    if (!this.isMade) this.#made = this.#make()
    return this.#made
  }
}

/** The outcome of a promise, for the incarnation that waits for it. */
export class Outcome extends Sealed {
  protected override readonly sent = undefined
  readonly #cell: Cell
  readonly #restarts: number

  constructor(cell: Cell, restarts: number, make: () => unknown) {
    super(make)
    this.#cell = cell
    this.#restarts = restarts
  }

  override get isOwed(): boolean {
    return true
  }

  override get isValid(): boolean {
    return (this.#cell.extras?.restarts ?? 0) === this.#restarts
  }

  /** Nobody misses it but the one who has stopped; unless it was not understood. */
  override undelivered(path: string, reason: DeadLetterReason, runtime: Runtime): void {
    if (reason !== 'stopped' && this.isMade) super.undelivered(path, reason, runtime)
  }
}

let ownerOf: (ref: AdaptedRef<never, unknown>) => Cell

/** For senders that know other messages than the actor does. */
export class AdaptedRef<A, M> implements ActorRef<A> {
  readonly #cell: Cell
  readonly #map: (message: A) => M

  static {
    ownerOf = (ref) => ref.#cell
  }

  constructor(cell: Cell, map: (message: A) => M) {
    this.#cell = cell
    this.#map = map
  }

  get path(): string {
    return this.#cell.path
  }

  tell(message: A): void {
    const carried = carriedTo(this.#cell, message)
    this.#cell.enqueue(new Adapted(message, carried, () => this.#map(message)))
  }

  /** As `tell`; where it will not be handled, that is told, and nothing thrown. */
  deliver(message: A, delivery: Delivery | undefined): void {
    const cell = this.#cell
    const item = new Adapted(message, delivery?.carried, () => this.#map(message), delivery)
    if (cell.isFull && cell.settings.overflow === 'reject') cell.undelivered(item, 'mailbox-full')
    else cell.enqueue(item)
  }

  /** A question, whose answer learns where there will be none. */
  ask(message: A, answer: Delivery): void {
    const undelivered: Delivery['undelivered'] = (reason, cause) =>
      answer.undelivered(reason, cause)
    this.deliver(message, { carried: carriedTo(this.#cell, message), undelivered })
  }
}

/** Whose messages it makes of others, where it is such a ref. */
export function adaptingCell(ref: ActorRef<never>): Cell | undefined {
  return ref instanceof AdaptedRef ? ownerOf(ref) : undefined
}

class Adapted extends Sealed {
  protected override readonly sent: unknown
  readonly #carried: unknown
  readonly #delivery: Delivery | undefined

  constructor(sent: unknown, carried: unknown, make: () => unknown, delivery?: Delivery) {
    super(make)
    this.#carried = carried
    this.sent = sent
    this.#delivery = delivery
  }

  override get carried(): unknown {
    return this.#carried
  }

  override get isValid(): boolean {
    return true
  }

  override undelivered(
    path: string,
    reason: DeadLetterReason,
    runtime: Runtime,
    cause?: unknown,
  ): void {
    super.undelivered(path, reason, runtime)
    this.#delivery?.undelivered(reason, cause)
  }
}
