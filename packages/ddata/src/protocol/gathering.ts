/** Calls, or answers of parts, that leave first: few, so that the other end does not wait for long. */
const firstEnough = 8

/**
 * How much of what a turn has to say to one process gathers before it leaves. If all did at the end of the turn, two that ask
 * and answer would work one after the other. Twice as much each time, so that a long turn sends few messages more. Mutable.
 */
export class Gathering {
  #count = 0
  #enough = firstEnough

  /** One more is there. @returns whether all that is there is to leave now */
  adds(): boolean {
    this.#count++
    if (this.#count < this.#enough) return false
    this.#count = 0
    this.#enough *= 2
    return true
  }

  turnEnds(): void {
    this.#count = 0
    this.#enough = firstEnough
  }
}
