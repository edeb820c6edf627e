import type { Gate } from '@casty/actor'

/**
 * Open while this node has its lease. Asked at the very moment when something is to happen, so that a process
 * which stood still finds out before it does anything.
 */
export class LeaseGate implements Gate {
  readonly #holds: () => boolean
  readonly #listeners = new Set<() => void>()

  /** @param holds - whether the lease lasts, by the clock of this node */
  constructor(holds: () => boolean) {
    this.#holds = holds
  }

  isOpen(): boolean {
    return this.#holds()
  }

  subscribe(opened: () => void): Disposable {
    const listener = (): void => opened()
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** The lease is another: wakes those who wait, where it holds. */
  changed(): void {
    if (!this.isOpen()) return
    for (const listener of new Set(this.#listeners)) listener()
  }
}
