// Who runs next. Actors with something to do take turns within one microtask; when they have run for a
// while, whatever else waits in the process, sockets and timers above all, runs first.

/** Something that has work to do. */
export interface Runnable {
  /** Does some of it. @returns whether there is more */
  run(): boolean
}

/** How the dispatcher comes to run. */
export interface Turns {
  /** Before anything else that waits in the process. */
  soon(callback: () => void): void
  /** After what waits in the process already. */
  afterOthers(callback: () => void): void
  /** Monotonic, in milliseconds. */
  now(): number
}

/** Actors run for so long before others do, in milliseconds: heartbeats and sockets wait no longer. */
const sliceMs = 5
/** How many turns are taken between two looks at the time. */
const turnsPerLook = 64

/** Takes turns among all that have work: first come, first served. */
export class Dispatcher {
  readonly #turns: Turns
  readonly #run = (): void => this.#takeTurns()
  #waiting: Runnable[] = []
  #next = 0
  #isArmed = false

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
    const until = this.#turns.now() + sliceMs
    for (let turn = 1; ; turn++) {
      const runnable = this.#waiting[this.#next]
      if (runnable === undefined) break
      this.#next++
      if (runnable.run()) this.#waiting.push(runnable)
      if (this.#next >= 1_024 && this.#next * 2 >= this.#waiting.length) this.#compact()
      if (turn % turnsPerLook === 0 && this.#turns.now() >= until) {
        this.#turns.afterOthers(this.#run)
        return
      }
    }
    this.#waiting = []
    this.#next = 0
    this.#isArmed = false
  }

  #compact(): void {
    this.#waiting = this.#waiting.slice(this.#next)
    this.#next = 0
  }
}
