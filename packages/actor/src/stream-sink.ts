// The end of a stream that reads it. It says how much it can take, so it is never overrun; it watches the
// other end, so it does not wait for ever for one that is gone.
import type { ActorContext } from './actor-context.ts'
import type { ActorRef } from './actor-ref.ts'
import type { Behavior, SignalBehavior } from './behavior.ts'
import { receive, setup, stopped, withLifecycle } from './behaviors.ts'
import { ActorError } from './errors.ts'
import { isPromise } from './is-promise.ts'
import { duration, knownNames } from './option-values.ts'
import type { StreamDemand, StreamMessage, StreamRequest } from './stream-messages.ts'

/** Options of whoever reads a stream. */
export interface StreamReadOptions {
  /** How many elements may be under way. Raise it where the way is long. @defaultValue 16 */
  readonly demand?: number
  /** How long to wait for the source to answer at first, in milliseconds. @defaultValue 5_000 */
  readonly timeoutMs?: number
}

/**
 * Reads a stream from `source`, one element after the other, and stops when it is completed. It fails with
 * `CASTY_ACTOR_STREAM_FAILED` where the stream does, and with `CASTY_ACTOR_STREAM_BROKEN` where the source
 * stops before the stream has ended; begun anew, it reads from the beginning.
 *
 * @param onElement - may be `async`: the next element waits
 * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`
 */
export function streamSink<E>(
  source: ActorRef<StreamRequest<E>>,
  onElement: (element: E) => void | Promise<void>,
  options: StreamReadOptions = {},
): Behavior<StreamMessage<E>> {
  return reading(source, checkedReading('streamSink()', options), {
    onElement(element, consumed) {
      const done = onElement(element)
      if (!isPromise(done)) consumed()
      else return done.then(consumed)
    },
    onCompleted() {},
    onFailed(error) {
      throw error
    },
  })
}

export function checkedReading(
  of: string,
  options: StreamReadOptions,
): Required<StreamReadOptions> {
  knownNames(of, options, ['demand', 'timeoutMs'])
  const { demand = 16, timeoutMs = 5_000 } = options
  if (!Number.isInteger(demand) || demand < 1) {
    throw ActorError.invalidOption(of, 'demand', demand, 'an integer from 1')
  }
  return { demand, timeoutMs: duration(of, 'timeoutMs', timeoutMs, 0) }
}

/** What becomes of what is read. */
interface Reading<E> {
  /** Calls `consumed`, once, when there is room for another: it may do so later. */
  onElement(element: E, consumed: () => void): void | Promise<void>
  onCompleted(): void
  /** The actor stops after it; or fails, where this throws. */
  onFailed(error: unknown): void
}

type ReaderMessage<E> =
  | StreamMessage<E>
  | { readonly type: 'subscribed'; readonly producer: ActorRef<StreamDemand> }
  | { readonly type: 'refused'; readonly error: unknown }

export function reading<E>(
  source: ActorRef<StreamRequest<E>>,
  { demand, timeoutMs }: Required<StreamReadOptions>,
  handlers: Reading<E>,
): Behavior<StreamMessage<E>> {
  let streams = 0
  const fail = (error: unknown): SignalBehavior => {
    handlers.onFailed(error)
    return stopped
  }
  const behavior = setup<ReaderMessage<E>>((context) => {
    const credit = new Credit(demand)
    const streamId = ++streams
    let count = 0
    subscribe(context, source, streamId, timeoutMs)
    const inner = receive<ReaderMessage<E>>(
      (message) => {
        if ('streamId' in message && message.streamId !== streamId) return undefined
        switch (message.type) {
          case 'subscribed':
            context.watch(message.producer)
            credit.isOf(message.producer)
            return undefined
          case 'element':
            if (message.index !== count++) return fail(ActorError.streamBroken(source.path))
            return handlers.onElement(message.element, () => credit.consumed())
          case 'given':
            return message.count === count ? undefined : fail(ActorError.streamBroken(source.path))
          case 'completed':
            if (message.count !== count) return fail(ActorError.streamBroken(source.path))
            handlers.onCompleted()
            return stopped
          case 'failed':
            return fail(ActorError.streamFailed(source.path, message.error))
          case 'refused':
            return fail(message.error)
        }
      },
      () => {
        credit.isOf(undefined)
        return fail(ActorError.streamBroken(source.path))
      },
    )
    const cancel = (): void => credit.cancel()
    return withLifecycle(inner, { postStop: cancel, preRestart: cancel })
  })
  // It is told of its producer by itself, and all else by that one.
  return behavior as unknown as Behavior<StreamMessage<E>>
}

function subscribe<E>(
  context: ActorContext<ReaderMessage<E>>,
  source: ActorRef<StreamRequest<E>>,
  streamId: number,
  timeoutMs: number,
): void {
  const subscribed = context.ask<StreamRequest<E>, ActorRef<StreamDemand>>(
    source,
    (replyTo) => ({ type: 'subscribe', streamId, subscriber: context.self, replyTo }),
    { timeoutMs },
  )
  context.pipeToSelf(
    subscribed,
    (producer): ReaderMessage<E> => ({ type: 'subscribed', producer }),
    (error): ReaderMessage<E> => ({ type: 'refused', error }),
  )
}

/** How many elements may be sent. Told in portions, each half of all, to save messages. */
class Credit {
  readonly #all: number
  #owed: number
  #producer: ActorRef<StreamDemand> | undefined

  constructor(all: number) {
    this.#all = all
    this.#owed = all
  }

  isOf(producer: ActorRef<StreamDemand> | undefined): void {
    this.#producer = producer
    this.#tell()
  }

  cancel(): void {
    this.#producer?.tell({ type: 'cancel' })
    this.#producer = undefined
  }

  consumed(): void {
    this.#owed++
    if (this.#owed * 2 >= this.#all) this.#tell()
  }

  #tell(): void {
    if (!this.#producer) return
    this.#producer.tell({ type: 'demand', count: this.#owed })
    this.#owed = 0
  }
}
