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
  /** It will not be handled. It is a dead letter as well, where it was this system that dropped it. */
  undelivered(reason: DeadLetterReason, cause?: unknown): void
}

/** A message that came from afar, or through a layer that buffers and routes. */
class Delivered extends Envelope {
  override readonly content: unknown
  override readonly carried: unknown
  override readonly isValid = true
  readonly #delivery: Delivery

  constructor(content: unknown, delivery: Delivery) {
    super()
    this.content = content
    this.carried = delivery.carried
    this.#delivery = delivery
  }

  override open(): unknown {
    return this.content
  }

  override undelivered(path: string, reason: DeadLetterReason, runtime: Runtime): void {
    runtime.deadLetter(path, this.content, reason)
    this.#delivery.undelivered(reason)
  }
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
