// A stream for code that is no actor: an `AsyncIterable`, with an actor behind each loop over it.
import type { ActorRef } from './actor-ref.ts'
import type { ActorSystem } from './actor-system.ts'
import { withLifecycle } from './behaviors.ts'
import { ActorError } from './errors.ts'
import { capable, knownNames } from './option-values.ts'
import type { StreamMessage, StreamRequest } from './stream-messages.ts'
import { checkedReading, reading, type StreamReadOptions } from './stream-sink.ts'

/** Options of {@link readStream}. */
export interface StreamLoopOptions extends StreamReadOptions {
  /** Aborted, it ends the loop: that throws its reason, whatever it waits for. */
  readonly signal?: AbortSignal
}

/**
 * Reads a stream from `source`, from its beginning in each loop. Elements are asked for as they are taken;
 * leaving the loop ends the stream at the other end too. The loop throws `CASTY_ACTOR_STREAM_FAILED` where
 * the stream fails, and `CASTY_ACTOR_STREAM_BROKEN` where the source, or this system, stops before its end.
 *
 * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`
 */
export function readStream<E>(
  system: ActorSystem,
  source: ActorRef<StreamRequest<E>>,
  options: StreamLoopOptions = {},
): AsyncIterable<E> {
  knownNames('readStream()', options, ['demand', 'timeoutMs', 'signal'])
  const { signal, ...others } = options
  if (signal !== undefined) {
    capable('readStream()', 'signal', signal, ['addEventListener'], 'an AbortSignal')
  }
  const checked = checkedReading('readStream()', others)
  return {
    [Symbol.asyncIterator]() {
      signal?.throwIfAborted()
      return new Reader(system, source, checked, signal)
    },
  }
}

interface Waiting<E> {
  readonly resolve: (result: IteratorResult<E>) => void
  readonly reject: (error: unknown) => void
}

class Reader<E> implements AsyncIterator<E> {
  readonly #system: ActorSystem
  readonly #ref: ActorRef<StreamMessage<E>>
  /** At most as many as were asked for. */
  readonly #elements: { readonly element: E; readonly consumed: () => void }[] = []
  readonly #waiting: Waiting<E>[] = []
  #ending: { readonly error: unknown } | 'completed' | undefined

  constructor(
    system: ActorSystem,
    source: ActorRef<StreamRequest<E>>,
    options: Required<StreamReadOptions>,
    signal?: AbortSignal,
  ) {
    this.#system = system
    const behavior = reading<E>(source, options, {
      onElement: (element, consumed) => {
        this.#elements.push({ element, consumed })
        this.#serve()
      },
      onCompleted: () => this.#end('completed'),
      onFailed: (error) => this.#end({ error }),
    })
    const aborted = (): void => {
      this.#elements.length = 0
      this.#end({ error: signal?.reason })
      void this.#system.stop(this.#ref)
    }
    const postStop = (): void => {
      signal?.removeEventListener('abort', aborted)
      this.#end({ error: ActorError.streamBroken(source.path) }) // With its system, perhaps.
    }
    this.#ref = system.spawn(withLifecycle(behavior, { postStop }))
    signal?.addEventListener('abort', aborted)
  }

  #end(ending: { readonly error: unknown } | 'completed'): void {
    this.#ending ??= ending
    this.#serve()
  }

  next(): Promise<IteratorResult<E>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#serve()
    })
  }

  async return(): Promise<IteratorResult<E>> {
    this.#elements.length = 0
    this.#end('completed')
    await this.#system.stop(this.#ref)
    return { done: true, value: undefined }
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const next = this.#elements.shift()
      if (!next && !this.#ending) return
      const waiting = this.#waiting.shift()
      if (next) {
        waiting?.resolve({ done: false, value: next.element })
        next.consumed()
      } else if (this.#ending === 'completed') waiting?.resolve({ done: true, value: undefined })
      else waiting?.reject(this.#ending?.error)
    }
  }
}
