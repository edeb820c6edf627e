import type { SimulatedProcess } from './simulated-process.ts'
import type { WriteEvent } from './trace.ts'

/** What the watchers of a world are told. */
export interface WorldListener<P> {
  started?(process: SimulatedProcess<P>): void
  ended?(process: SimulatedProcess<P>): void
  wrote?(write: WriteEvent): void
}

/**
 * Listeners are called in the midst of programs, which may catch what they throw: so it is kept until
 * the world asks for it.
 */
export class WorldListeners<P> {
  readonly #listeners: WorldListener<P>[] = []
  #thrown: { readonly error: unknown } | undefined

  add(listener: WorldListener<P>): void {
    this.#listeners.push(listener)
  }

  tell(tell: (listener: WorldListener<P>) => void): void {
    for (const listener of this.#listeners) {
      try {
        tell(listener)
      } catch (error) {
        this.#thrown ??= { error }
      }
    }
  }

  /** Throws what a listener threw first, if one did. */
  rethrow(): void {
    if (this.#thrown !== undefined) throw this.#thrown.error
  }
}
