import type { ClusterEvent } from './events.ts'

/**
 * Who listens to events. Each listener gets every event that happens after it subscribed, once and
 * in order; one that throws is reported, and disturbs nobody.
 */
export class Subscribers {
  readonly #listeners = new Map<(event: ClusterEvent) => void, number>()
  readonly #report: (error: unknown) => void
  readonly #waiting: { readonly event: ClusterEvent; readonly step: number }[] = []
  #errors = 0

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  get errors(): number {
    return this.#errors
  }

  /** @param step - the step whose outcome the listener was told at first: its events are not told again */
  add(listener: (event: ClusterEvent) => void, step: number): Disposable {
    this.#listeners.set(listener, step)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** One event after the other: what is published by a listener waits until all have heard this one. */
  publish(event: ClusterEvent, step: number): void {
    if (this.#waiting.push({ event, step }) > 1) return
    for (const next of this.#waiting) this.#tell(next.event, next.step)
    this.#waiting.length = 0
  }

  #tell(event: ClusterEvent, step: number): void {
    for (const [listener, since] of this.#listeners) {
      if (since < step) this.guard(() => listener(event))
    }
  }

  /** Runs a caller's code: what it throws goes to the report. */
  guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#errors++
      this.#report(error)
    }
  }
}
