// The end of a stream where its elements come from. Each subscriber has a producer of its own, an actor
// that takes elements as they are wanted, and stops with its subscriber.
import type { ActorContext } from './actor-context.ts'
import type { Behavior } from './behavior.ts'
import { receive, setup, stopped, withLifecycle } from './behaviors.ts'
import { ActorError } from './errors.ts'
import { isPromise } from './is-promise.ts'
import { knownNames } from './option-values.ts'
import type { StreamDemand, StreamMessage, StreamRequest } from './stream-messages.ts'

/** Options of {@link streamSource}. */
export interface StreamSourceOptions {
  /** How many may read at a time; to one more the stream fails. @defaultValue 1_000 */
  readonly maxSubscribers?: number
}

/**
 * Gives elements to whoever asks for them: to each subscriber those of an iterable of its own, none before
 * it is wanted. What the iterable throws ends the stream of that subscriber, as its failure.
 *
 * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`
 * @example
 * const numbers = streamSource(() => [1, 2, 3])
 */
export function streamSource<E>(
  elements: () => AsyncIterable<E> | Iterable<E>,
  options: StreamSourceOptions = {},
): Behavior<StreamRequest<E>> {
  knownNames('streamSource()', options, ['maxSubscribers'])
  const { maxSubscribers = 1_000 } = options
  if (!(maxSubscribers >= 1)) {
    const allowed = 'an integer from 1, or Infinity'
    throw ActorError.invalidOption('streamSource()', 'maxSubscribers', maxSubscribers, allowed)
  }
  return receive((request, context) => {
    if (context.children.length < maxSubscribers) {
      request.replyTo.tell(context.spawn(producer(elements, request)))
    } else {
      const { subscriber, streamId } = request
      const error = ActorError.streamBusy(context.self.path, maxSubscribers)
      subscriber.tell({ type: 'failed', error, streamId })
    }
  })
}

type Taken<E> =
  | { readonly type: 'taken'; readonly result: IteratorResult<E> }
  | { readonly type: 'threw'; readonly error: unknown }

type ProducerMessage<E> = StreamDemand | Taken<E> | { readonly type: 'abandoned' | 'unheard' }

/** Whoever subscribes asks for elements at once, unless it has begun anew meanwhile. */
const firstDemandWithinMs = 60_000
const firstAgainAfterMs = 1_000

function producer<E>(
  elements: () => AsyncIterable<E> | Iterable<E>,
  request: StreamRequest<E>,
): Behavior<StreamDemand> {
  const behavior = setup<ProducerMessage<E>>((context) => {
    context.watch(request.subscriber)
    context.timers.startOnce('first demand', { type: 'abandoned' }, firstDemandWithinMs)
    const production = new Production(context, request, elements)
    return withLifecycle(
      receive(
        (message) => production.on(message),
        () => stopped, // Nobody wants any more.
      ),
      { postStop: () => production.close() },
    )
  })
  // It is told demands by others, and the rest by itself.
  return behavior as unknown as Behavior<StreamDemand>
}

class Production<E> {
  readonly #context: ActorContext<ProducerMessage<E>>
  readonly #request: StreamRequest<E>
  readonly #elements: () => AsyncIterable<E> | Iterable<E>
  #iterator: AsyncIterator<E> | Iterator<E> | undefined
  #wanted = 0
  #isTaking = false
  #againAfterMs = firstAgainAfterMs
  /** How many elements were given. */
  #count = 0
  /** What was told last: there is nothing more. */
  #last: StreamMessage<E> | undefined

  constructor(
    context: ActorContext<ProducerMessage<E>>,
    request: StreamRequest<E>,
    elements: () => AsyncIterable<E> | Iterable<E>,
  ) {
    this.#context = context
    this.#request = request
    this.#elements = elements
  }

  on(message: ProducerMessage<E>): Behavior<ProducerMessage<E>> | undefined {
    switch (message.type) {
      case 'cancel':
      case 'abandoned':
        return stopped
      case 'unheard':
        this.#tellAgain()
        return undefined
      case 'demand':
        this.#context.timers.cancelAll()
        this.#againAfterMs = firstAgainAfterMs
        this.#wanted += message.count
        break
      case 'threw':
        this.#end(message)
        break
      case 'taken':
        this.#isTaking = false
        this.#deal(message.result)
    }
    this.#take()
    return undefined
  }

  /** Takes what is there already at once, and waits for what is not. */
  #take(): void {
    try {
      while (this.#wanted > 0 && !this.#isTaking && !this.#last) {
        this.#iterator ??= iteratorOf(this.#elements())
        const taken = this.#iterator.next()
        if (isPromise(taken)) this.#await(Promise.resolve(taken))
        else this.#deal(taken)
      }
    } catch (error) {
      this.#end({ error })
    }
    if (this.#wanted === 0 && !this.#last) this.#waitForWord()
  }

  #await(taken: Promise<IteratorResult<E>>): void {
    this.#isTaking = true
    this.#context.pipeToSelf(
      taken,
      (result): Taken<E> => ({ type: 'taken', result }),
      (error): Taken<E> => ({ type: 'threw', error }),
    )
  }

  #deal({ done, value }: IteratorResult<E, unknown>): void {
    const { subscriber, streamId } = this.#request
    this.#wanted--
    if (done === true) this.#tellLast({ type: 'completed', count: this.#count, streamId })
    else {
      const element = value as E // Only an iterator that is done gives anything else.
      subscriber.tell({ type: 'element', index: this.#count++, element, streamId })
    }
  }

  #end({ error }: { readonly error: unknown }): void {
    this.#tellLast({ type: 'failed', error, streamId: this.#request.streamId })
  }

  /** It stops when it is told to, or its subscriber does: what is on its way to it is no dead letter then. */
  #tellLast(last: StreamMessage<E>): void {
    this.#last = last
    this.#request.subscriber.tell(last)
    this.#waitForWord()
  }

  /** Whoever hears of the end cancels, and wants more in the end where it has not come: or it was lost. */
  #waitForWord(): void {
    this.#context.timers.startOnce('unheard', { type: 'unheard' }, this.#againAfterMs)
    this.#againAfterMs *= 8 // It may as well be slow, and its mailbox small: a few within an hour.
  }

  #tellAgain(): void {
    const { subscriber, streamId } = this.#request
    subscriber.tell(this.#last ?? { type: 'given', count: this.#count, streamId })
    this.#waitForWord()
  }

  /** Lets the iterable clean up, where it was not read to its end. What that throws concerns nobody. */
  close(): void {
    if (this.#last) return
    try {
      const closed = this.#iterator?.return?.()
      if (isPromise(closed)) Promise.resolve(closed).catch(() => {})
    } catch {
      // As said.
    }
  }
}

function iteratorOf<E>(elements: AsyncIterable<E> | Iterable<E>): AsyncIterator<E> | Iterator<E> {
  return Symbol.asyncIterator in elements
    ? elements[Symbol.asyncIterator]()
    : elements[Symbol.iterator]()
}
