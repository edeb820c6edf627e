/** At first, and at least. */
const firstMs = 500
const longestMs = 8_000

/**
 * How long the answer of one replica is waited for, in milliseconds: twice as long as the last one took, and twice as long
 * each time that none came. Who is overloaded answers late, and not sooner for being asked again.
 */
export class Patience {
  #ms = firstMs

  get ms(): number {
    return this.#ms
  }

  answered(tookMs: number): void {
    // One that came fast says little about the next.
    this.#ms = Math.min(longestMs, Math.max(firstMs, 2 * tookMs, this.#ms / 2))
  }

  ranOut(): void {
    this.#ms = Math.min(longestMs, 2 * this.#ms)
  }

  /** Nothing is known of the replica. */
  reset(): void {
    this.#ms = firstMs
  }
}
