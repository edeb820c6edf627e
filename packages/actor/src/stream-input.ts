// Elements for a stream that come from outside, as they come: whoever puts them in waits while there is no
// room, so a slow reader is felt at the very beginning.
import { ActorError } from './errors.ts'
import { capable, knownNames } from './option-values.ts'

/** Options of {@link streamInput}. */
export interface StreamInputOptions {
  /** How many elements may wait to be read. Raise it where they come in bursts. @defaultValue 16 */
  readonly capacity?: number
}

/** The end of a stream where elements are put in. */
export interface StreamInput<E> {
  /** For `streamSource`. Each element goes to one reader: to several at a time, by turns. */
  readonly elements: () => AsyncIterable<E>
  /**
   * Resolves when there was room for it: with false where the stream has ended, and it is not taken. Rejects
   * with the reason of the signal, and it is not taken either.
   */
  put(element: E, options?: { readonly signal?: AbortSignal }): Promise<boolean>
  /** There are no more: whoever reads has what was put in, and then the end. */
  complete(): void
  /** The same, with a failure in place of the end. */
  fail(error: unknown): void
}

/**
 * A stream whose elements are put in by hand.
 *
 * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`
 * @example
 * const input = streamInput<number>()
 * const source = system.spawn(streamSource(input.elements))
 * await input.put(1)
 * input.complete()
 */
export function streamInput<E>(options: StreamInputOptions = {}): StreamInput<E> {
  knownNames('streamInput()', options, ['capacity'])
  const { capacity = 16 } = options
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw ActorError.invalidOption('streamInput()', 'capacity', capacity, 'an integer from 1')
  }
  return new Input<E>(capacity)
}

interface Putting<E> {
  readonly element: E
  readonly done: (isTaken: boolean) => void
}

interface Taking<E> {
  readonly resolve: (result: IteratorResult<E>) => void
  readonly reject: (error: unknown) => void
}

type InputEnd =
  | { readonly type: 'completed' }
  | { readonly type: 'failed'; readonly error: unknown }

class Input<E> implements StreamInput<E> {
  readonly #capacity: number
  #elements: E[] = []
  /** Those that wait for room; then there are no readers that wait. */
  readonly #putting = new Set<Putting<E>>()
  readonly #taking = new Set<Taking<E>>()
  #end: InputEnd | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  readonly elements = (): AsyncIterable<E> => ({ [Symbol.asyncIterator]: () => this.#reader() })

  async put(element: E, options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    knownNames('put()', options, ['signal'])
    const { signal } = options
    if (signal !== undefined) {
      capable('put()', 'signal', signal, ['addEventListener'], 'an AbortSignal')
      signal.throwIfAborted()
    }
    if (this.#end) return false
    if (this.#elements.length < this.#capacity) {
      this.#elements.push(element)
      this.#serve()
      return true
    }
    return await this.#room(element, signal)
  }

  #room(element: E, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        if (this.#putting.delete(putting)) reject(signal?.reason)
      }
      const done = (isTaken: boolean): void => {
        signal?.removeEventListener('abort', aborted)
        resolve(isTaken)
      }
      const putting = { element, done }
      signal?.addEventListener('abort', aborted)
      this.#putting.add(putting)
    })
  }

  complete(): void {
    this.#endWith({ type: 'completed' })
  }

  fail(error: unknown): void {
    this.#endWith({ type: 'failed', error })
  }

  #endWith(end: InputEnd): void {
    this.#end ??= end
    for (const { done } of this.#putting) done(false)
    this.#putting.clear()
    this.#serve()
  }

  #reader(): AsyncIterator<E> {
    const own = new Set<Taking<E>>()
    return {
      next: () =>
        new Promise((resolve, reject) => {
          const taking = { resolve, reject }
          own.add(taking)
          this.#taking.add(taking)
          this.#serve()
          if (!this.#taking.has(taking)) own.delete(taking)
        }),
      // What it waited for is another's.
      return: async () => {
        for (const taking of own) {
          if (this.#taking.delete(taking)) taking.resolve({ done: true, value: undefined })
        }
        own.clear()
        return await Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  /** Gives what there is to those who wait, first come, first served, and lets in who waits for room. */
  #serve(): void {
    for (const taking of this.#taking) {
      if (this.#elements.length === 0 && !this.#end) return
      this.#taking.delete(taking)
      if (this.#elements.length > 0) {
        const element = this.#elements.shift() as E // There is one.
        taking.resolve({ done: false, value: element })
        this.#letIn()
      } else if (this.#end?.type === 'failed') taking.reject(this.#end.error)
      else taking.resolve({ done: true, value: undefined })
    }
  }

  #letIn(): void {
    for (const putting of this.#putting) {
      this.#putting.delete(putting)
      this.#elements.push(putting.element)
      putting.done(true)
      return
    }
  }
}
