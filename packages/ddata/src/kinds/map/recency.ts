/**
 * Keys in the order in which they were used. Whoever goes on with a part comes to the same order: what reads use is
 * only taken down here, and changes it when the part is told so, by a command of its own.
 */
export class Recency {
  readonly #keys = new Set<string>()
  readonly #seen = new Set<string>()
  /** All before it have gone, or were used since. */
  #coming: Iterator<string> = this.#keys.values()
  #oldest: string | undefined

  used(key: string): void {
    this.forget(key)
    this.#keys.add(key)
  }

  /** It was read. */
  saw(key: string): void {
    if (this.#keys.has(key)) this.#seen.add(key)
  }

  forget(key: string): void {
    this.#keys.delete(key)
    this.#seen.delete(key)
    if (this.#oldest === key) this.#oldest = undefined
  }

  clear(): void {
    this.#keys.clear()
    this.#seen.clear()
    this.#oldest = undefined
  }

  /** From 1 on. */
  ranks(): Map<string, number> {
    return new Map(Array.from(this.#keys, (key, index) => [key, index + 1]))
  }

  /** The one that was used before all others. */
  get oldest(): string | undefined {
    if (this.#oldest !== undefined || this.#keys.size === 0) return this.#oldest
    let next = this.#coming.next()
    if (next.done) {
      this.#coming = this.#keys.values()
      next = this.#coming.next()
    }
    return (this.#oldest = next.done ? undefined : next.value)
  }

  /** The oldest one, where it was read since. */
  get seenOldest(): string | undefined {
    const { oldest } = this
    return oldest !== undefined && this.#seen.has(oldest) ? oldest : undefined
  }
}
