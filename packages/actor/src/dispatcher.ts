// Who runs next. Actors with something to do take turns, mostly within one microtask; when they have run
// for a while, whatever else waits in the process, sockets and timers above all, runs first. Microtasks
// come before all that, and a handler that awaits makes more of them: so it is not enough to end a turn,
// it has to be seen that the others had theirs.

/** Something that has work to do. */
export interface Runnable {
  /**
   * Does some of it, in steps; adds itself to the dispatcher again where there is more.
   *
   * @param most - so many steps at most, from 1
   * @returns how many it took
   */
  run(most: number): number
}

/** How the dispatcher comes to run. */
export interface Turns {
  /** Before anything else that waits in the process. */
  soon(callback: () => void): void
  /** After what waits in the process already. */
  afterOthers(callback: () => void): void
  /** Monotonic, in milliseconds. */
  now(): number
  /**
   * Whether time passes by itself, and others wait in this process for their turn. On a clock that somebody
   * moves, it is up to that one when others have theirs.
   */
  readonly isReal: boolean
}

/** Actors run for so long before others do, in milliseconds: heartbeats and sockets wait no longer. */
const sliceMs = 5
/** Or so many steps, on a clock that stands still. */
const sliceSteps = 100_000
/** An actor takes so many steps before the next one has its turn. */
const stepsPerTurn = 64
/** How many steps are taken between two looks at the time, at most. */
const stepsPerLook = 64

/** Takes turns among all that have work: first come, first served. */
export class Dispatcher {
  readonly #turns: Turns
  readonly #run = (): void => this.#takeTurns()
  #waiting: Runnable[] = []
  #next = 0
  #isArmed = false
  /** When a slice is over, on the clock and in steps. */
  #until = -Infinity
  #stepsLeft = sliceSteps
  /** The others are to have their turn. */
  #isOwed = false
  /** And nobody else runs before they have had it. */
  #isYielding = false

  constructor(turns: Turns) {
    this.#turns = turns
  }

  /** Must not be called for one that waits already. */
  add(runnable: Runnable): void {
    this.#waiting.push(runnable)
    if (this.#isArmed) return
    this.#isArmed = true
    this.#turns.soon(this.#run)
  }

  #takeTurns(): void {
    let isDone = false
    try {
      this.#takeSome()
      isDone = true
    } finally {
      // Not to happen: but one that throws must not keep all others from their turns for ever.
      if (!isDone) this.#turns.afterOthers(this.#run)
    }
  }

  #takeSome(): void {
    if (!this.#turns.isReal) this.#beginSlice(this.#turns.now())
    else if (this.#mustYield()) return
    // Twice as many steps each time: where one is slow, few are taken before that is seen.
    let untilLook = 1
    let steps = 0
    for (;;) {
      const runnable = this.#waiting[this.#next]
      if (runnable === undefined) break
      this.#next++
      if (this.#next >= 1_024 && this.#next * 2 >= this.#waiting.length) this.#compact()
      steps += runnable.run(Math.min(stepsPerTurn, untilLook - steps))
      if (steps < untilLook) continue
      this.#stepsLeft -= steps
      if (this.#mustYield()) return
      untilLook = Math.min(untilLook * 2, stepsPerLook)
      steps = 0
    }
    this.#stepsLeft -= steps
    this.#waiting = []
    this.#next = 0
    this.#isArmed = false
  }

  /** Whether the others come first. Whoever is told so is called again when they had their turn. */
  #mustYield(): boolean {
    const now = this.#turns.now()
    if (now < this.#until && this.#stepsLeft > 0) return false
    // They may have had it since the last slice began: in doubt there is one more, and then it is known.
    const isOver = this.#isOwed || !this.#turns.isReal
    if (!isOver) this.#beginSlice(now)
    this.#isYielding = isOver
    if (!this.#isOwed) {
      this.#isOwed = true
      this.#turns.afterOthers(() => this.#othersHadTheirs())
    }
    return isOver
  }

  #beginSlice(now: number): void {
    this.#until = now + sliceMs
    this.#stepsLeft = sliceSteps
  }

  #othersHadTheirs(): void {
    this.#isOwed = false
    if (!this.#isYielding) return
    this.#isYielding = false
    this.#takeTurns()
  }

  #compact(): void {
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }
}
