import type { Clock } from '@casty/clock'

export interface CoreRunnerParts<Event, Effect> {
  readonly clock: Clock
  step(event: Event): readonly Effect[]
  /** When time has to pass next, by the monotonic clock; Infinity: never, as far as is known. */
  nextDeadline(): number
  perform(effect: Effect): void
  /** What the core is told when that time has come. */
  readonly timePassed: Event
}

/** Brings events and time to a core, and has carried out what follows. */
export class CoreRunner<Event, Effect> implements Disposable {
  readonly #parts: CoreRunnerParts<Event, Effect>
  readonly #queue: Event[] = []
  #timer: { readonly atMs: number; readonly handle: Disposable } | undefined
  #isDisposed = false

  constructor(parts: CoreRunnerParts<Event, Effect>) {
    this.#parts = parts
  }

  get isDisposed(): boolean {
    return this.#isDisposed
  }

  /** Runs each event to completion: one raised by what follows waits its turn. */
  dispatch(event: Event): void {
    if (this.#isDisposed || this.#queue.push(event) > 1) return
    try {
      for (const next of this.#queue) {
        for (const effect of this.#parts.step(next)) this.#parts.perform(effect)
      }
    } finally {
      this.#queue.length = 0 // Or no event would be heeded any more.
      this.arm()
    }
  }

  /** Waits for the next deadline, where nothing happens before. */
  arm(): void {
    const { clock, timePassed } = this.#parts
    const atMs = this.#parts.nextDeadline()
    if (this.#isDisposed || this.#timer?.atMs === atMs) return
    this.#timer?.handle[Symbol.dispose]()
    this.#timer = undefined
    if (atMs === Infinity) return
    const handle = clock.schedule(Math.max(0, atMs - clock.now()), () => {
      this.#timer = undefined
      this.dispatch(timePassed)
    })
    this.#timer = { atMs, handle }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#timer?.handle[Symbol.dispose]()
  }
}

/** Now, by the monotonic clock, and by the wall clock in whole milliseconds. */
export function momentOf(clock: Clock): { readonly nowMs: number; readonly wallMs: number } {
  return { nowMs: clock.now(), wallMs: Math.max(0, Math.floor(clock.wallNow())) }
}
