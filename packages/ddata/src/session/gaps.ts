// A part says that it lacks calls: they were lost on the way, or it is one that has lost what it knew.

/** A part that asks so often for a call that it had answered has lost it. */
const patience = 3

export class Gaps {
  #at = 0
  #closedAt = -Infinity
  /** How often in a row the part has asked for a call that it had answered. */
  #lacking = 0

  /**
   * Each request behind a gap says so: it is closed once in a while.
   *
   * @param expected - the number of the call that the part waits for
   * @param isUnderWay - whether it has not answered that one
   * @returns `close`: send again from there; `forgotten`: what the part knew is lost with all who kept it
   */
  told(
    expected: number,
    isUnderWay: boolean,
    now: number,
    resendMs: number,
  ): 'close' | 'wait' | 'forgotten' {
    if (expected === this.#at && now - this.#closedAt < resendMs) return 'wait'
    this.#at = expected
    this.#closedAt = now
    // One that it has answered may be of a late word.
    this.#lacking = isUnderWay ? 0 : this.#lacking + 1
    return this.#lacking >= patience ? 'forgotten' : 'close'
  }

  /** It knows what it was told. */
  answered(): void {
    this.#lacking = 0
  }

  /** Calls are numbered anew. */
  reset(): void {
    this.#at = 0
    this.#lacking = 0
  }
}
