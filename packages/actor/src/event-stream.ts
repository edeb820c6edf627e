// Events for whoever wants them: listeners, and actors, which get them as messages.
import type { ActorRef } from './actor-ref.ts'
import { courierTo } from './courier.ts'
import { ActorError } from './errors.ts'
import { localCell } from './local-ref.ts'

/** Who is told of events: a listener at once, an actor by a message. */
export type Subscriber<E> = ActorRef<E> | ((event: E) => void)

/** Options of an {@link EventStream}. */
export interface EventStreamOptions {
  /** Called with what a listener threw, which disturbs nobody. @defaultValue it is ignored */
  readonly onError?: (error: unknown) => void
}

interface Subscription<E> {
  readonly isWanted: (event: E) => boolean
  readonly tell: (event: E) => void
  isOver: boolean
}

const all = (): boolean => true

/**
 * Tells each event to all who subscribed for it, in the order in which they did. Actors are dropped when
 * they stop; how much may wait for one is up to its mailbox.
 *
 * @example
 * const stream = new EventStream<{ type: 'opened' } | { type: 'closed' }>()
 * const told: string[] = []
 * stream.subscribe('closed', (event) => told.push(event.type))
 * stream.publish({ type: 'opened' })
 * stream.publish({ type: 'closed' })
 * told // => [ 'closed' ]
 */
export class EventStream<E extends { readonly type: string }> {
  readonly #onError: (error: unknown) => void
  readonly #subscriptions = new Set<Subscription<E>>()
  /** The same as a list, until they change: they may, while an event is told. */
  #listed: readonly Subscription<E>[] | undefined

  constructor({ onError = () => {} }: EventStreamOptions = {}) {
    this.#onError = onError
  }

  /** How many are told. */
  get size(): number {
    return this.#subscriptions.size
  }

  /** All events from now on. */
  subscribe(subscriber: Subscriber<E>): Disposable
  /** Events of one type. */
  subscribe<T extends E['type']>(
    type: T,
    subscriber: Subscriber<Extract<E, { readonly type: T }>>,
  ): Disposable
  /** Events that `isWanted` is true for. What it throws counts as no. */
  subscribe<F extends E>(isWanted: (event: E) => event is F, subscriber: Subscriber<F>): Disposable
  subscribe(isWanted: (event: E) => boolean, subscriber: Subscriber<E>): Disposable
  subscribe(
    ...given:
      | readonly [Subscriber<E>]
      | readonly [wanted: string | ((event: E) => boolean), subscriber: Subscriber<never>]
  ): Disposable {
    if (given.length === 1) return this.#add(all, given[0])
    const [wanted, subscriber] = given
    const isWanted = typeof wanted === 'string' ? ({ type }: E) => type === wanted : wanted
    if (typeof isWanted !== 'function') {
      throw ActorError.invalidOption('subscribe()', 'type', wanted, 'a text or a function')
    }
    // It is told only what is wanted.
    return this.#add(isWanted, subscriber as Subscriber<E>)
  }

  #add(isWanted: (event: E) => boolean, subscriber: Subscriber<E>): Disposable {
    const subscription = { isWanted, tell: tellerOf(subscriber), isOver: false }
    const end = (): void => {
      subscription.isOver = true
      this.#subscriptions.delete(subscription)
      this.#listed = undefined
    }
    const cell = typeof subscriber === 'function' ? undefined : localCell(subscriber)
    if (cell?.stage === 'stopped') return { [Symbol.dispose]: () => {} }
    cell?.whenEnded(end)
    this.#subscriptions.add(subscription)
    this.#listed = undefined
    return {
      [Symbol.dispose]: () => {
        cell?.forgetEnd(end)
        end()
      },
    }
  }

  publish(event: E): void {
    if (this.#subscriptions.size === 0) return
    this.#listed ??= [...this.#subscriptions]
    for (const subscription of this.#listed) {
      try {
        if (!subscription.isOver && subscription.isWanted(event)) subscription.tell(event)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

function tellerOf<E>(subscriber: Subscriber<E>): (event: E) => void {
  if (typeof subscriber === 'function') return subscriber
  if (typeof subscriber?.tell !== 'function') {
    throw ActorError.invalidOption('subscribe()', 'subscriber', subscriber, 'a ref or a function')
  }
  return courierTo(subscriber)
}
