/** A timer that is late by more than that says that the process stood still, in milliseconds. */
const stallMs = 200
/** Then so long goes to what came meanwhile, in milliseconds. */
const breathMs = 100

/**
 * Tells a journal that does not answer from a process that stood still: then a timer runs before anything is read that came meanwhile,
 * and what was waited for may be there. Mutable.
 */
export class Stall {
  #hasTakenBreath = false

  /**
   * @param lateMs - how long after its time a timer runs
   * @returns for how long to wait on, before anything is given up; not twice in a row, where timers are always late
   */
  breathMs(lateMs: number): number {
    this.#hasTakenBreath = lateMs > stallMs && !this.#hasTakenBreath
    return this.#hasTakenBreath ? breathMs : 0
  }

  /** Nobody waits any more: who waits next may see another stall. */
  forget(): void {
    this.#hasTakenBreath = false
  }
}
