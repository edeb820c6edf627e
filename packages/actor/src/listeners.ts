/** Who listens to something. One that throws is reported, and disturbs nobody. */
export class Listeners<E> {
  readonly #listeners = new Set<(event: E) => void>()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0
  }

  add(listener: (event: E) => void): Disposable {
    // Its own function: the same one may be added twice.
    const own = (event: E): void => listener(event)
    this.#listeners.add(own)
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) }
  }

  tell(event: E): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#report(error)
      }
    }
  }
}
