/** A timer that is late by more than that says that the process stood still, in milliseconds. */
const stallMs = 200
/** Then so long goes to what came meanwhile, in milliseconds. */
const graceMs = 100

/**
 * For whoever gives up what it waits for by a timer: tells one who does not answer from a process that stood still. After that, timers run
 * before anything is read that came meanwhile, and what was waited for may be there. Mutable, and of one timer.
 */
export class StallGrace {
  #isTaken = false

  /**
   * @param lateMs - how long after its time the timer runs, in milliseconds
   * @returns for how long to wait on before anything is given up, in milliseconds: 100 where it is late by more than 200, else 0; not twice in a row,
   * where timers are always late
   */
  graceMs(lateMs: number): number {
    this.#isTaken = lateMs > stallMs && !this.#isTaken
    return this.#isTaken ? graceMs : 0
  }

  /** Nobody waits any more: who waits next may see another stall. */
  forget(): void {
    this.#isTaken = false
  }
}
