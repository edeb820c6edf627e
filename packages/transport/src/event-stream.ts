import type { EndpointEvent } from './endpoint-types.ts'

/**
 * Hands events to listeners, one at a time: an event raised by a listener waits its turn, so that
 * all of them see one order. What a listener throws is counted and keeps nobody else from hearing.
 */
export class EventStream {
  readonly #listeners = new Set<(event: EndpointEvent) => void>()
  readonly #queue: EndpointEvent[] = []
  readonly #onError: () => void

  constructor(onError: () => void) {
    this.#onError = onError
  }

  subscribe(listener: (event: EndpointEvent) => void): Disposable {
    // Wrapped: one function subscribed twice is two subscriptions.
    const subscription = (event: EndpointEvent): void => listener(event)
    this.#listeners.add(subscription)
    return { [Symbol.dispose]: () => void this.#listeners.delete(subscription) }
  }

  publish(event: EndpointEvent): void {
    if (this.#listeners.size === 0) return
    if (this.#queue.push(event) > 1) return
    for (const next of this.#queue) {
      for (const listener of this.#listeners) {
        try {
          listener(next)
        } catch {
          this.#onError()
        }
      }
    }
    this.#queue.length = 0
  }
}
