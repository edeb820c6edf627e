// Messages that are handed over for somebody else, who is told where they will not be handled.
import type { ActorRef } from './actor-ref.ts'
import { AdaptedRef } from './adapted.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import { Envelope } from './envelope.ts'
import { localCell } from './local-ref.ts'
import type { Runtime } from './runtime.ts'

/** Whoever stands behind a message, and learns at once when it will not be handled. */
export interface Delivery {
  /** What an instrument has travel with it. */
  readonly carried?: unknown
  /** Where it was told to, for dead letters. @defaultValue the path of the actor that was to handle it */
  readonly path?: string
  /**
   * Asked first where it will not be handled: whether whoever stands behind it takes it back, to bring it
   * elsewhere. Then it is no dead letter, and nothing more is said.
   */
  takesBack?(reason: DeadLetterReason): boolean
  /** It will not be handled. It is a dead letter as well, where it was this system that dropped it. */
  undelivered(reason: DeadLetterReason, cause?: unknown): void
}

/** A message that came from afar, or through a layer that buffers and routes. There is one for each, so it is small. */
class Delivered extends Envelope {
  override readonly content: unknown
  readonly #delivery: Delivery

  constructor(content: unknown, delivery: Delivery) {
    super()
    this.content = content
    this.#delivery = delivery
  }

  override get carried(): unknown {
    return this.#delivery.carried
  }

  override get isValid(): boolean {
    return true
  }

  override open(): unknown {
    return this.content
  }

  override undelivered(
    path: string,
    reason: DeadLetterReason,
    runtime: Runtime,
    cause?: unknown,
  ): void {
    if (this.#delivery.takesBack?.(reason) === true) return
    runtime.deadLetter(this.#delivery.path ?? path, this.content, reason)
    this.#delivery.undelivered(reason, cause)
  }
}

/** Ends an actor when its turn comes: behind all that waited before. */
export class LastMessage extends Envelope {
  override readonly content: unknown = undefined
  readonly #end: () => void

  constructor(end: () => void) {
    super()
    this.#end = end
  }

  override get isOwed(): boolean {
    return true
  }

  /** Nothing is handed over: its turn is all there is to it. */
  override get isValid(): boolean {
    this.#end()
    return false
  }

  override open(): unknown {
    return undefined
  }

  /** Nobody misses it. */
  override undelivered(): void {}
}

/** Never throws: what a mailbox refuses is a dead letter here. */
export function deliver<M>(
  runtime: Runtime,
  ref: ActorRef<M>,
  message: M,
  delivery: Delivery | undefined,
): void {
  const cell = localCell(ref)
  if (cell) {
    const item = delivery ? new Delivered(message, delivery) : message
    // Others make room as their settings say; to one that rejects there is nobody to say so.
    if (cell.isFull && cell.settings.overflow === 'reject') cell.undelivered(item, 'mailbox-full')
    else cell.enqueue(item)
  } else if (ref instanceof AdaptedRef) ref.deliver(message, delivery)
  else tellOther(runtime, ref, message, delivery)
}

function tellOther<M>(
  runtime: Runtime,
  ref: ActorRef<M>,
  message: M,
  delivery: Delivery | undefined,
): void {
  try {
    ref.tell(message)
  } catch (error) {
    runtime.report(error, `A message to ${ref.path} could not be handed over`)
    runtime.deadLetter(ref.path, message, 'not-sent')
    delivery?.undelivered('not-sent', error)
  }
}
