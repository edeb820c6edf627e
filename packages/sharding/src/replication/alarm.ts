// One timer for all that is due. A timer of a process that stood still runs before anything is read that came meanwhile: what was
// waited for may be in a buffer, and would be taken for late or lost. So then it is read first.
import { StallGrace, type Clock } from '@casty/clock'

export interface AlarmPort {
  readonly clock: Pick<Clock, 'now' | 'schedule'>
  /** When something is due next; Infinity where nothing is. */
  nextDeadline(): number
  /** Does what is due. */
  tick(now: number): void
}

/** While something is due, it is looked for at least so often, in milliseconds. */
const lookMs = 100

/** Mutable. */
export class Alarm implements Disposable {
  readonly #port: AlarmPort
  #timer: Disposable | undefined
  #dueAt = Infinity
  readonly #stall = new StallGrace()
  #isOver = false

  constructor(port: AlarmPort) {
    this.#port = port
  }

  /** Something may be due earlier than before. */
  arm(): void {
    if (this.#isOver || this.#timer) return
    const next = this.#port.nextDeadline()
    if (next === Infinity) return
    // What begins meanwhile may be due earlier, and need not move the timer each time.
    this.#schedule(Math.max(0, Math.min(next - this.#port.clock.now(), lookMs)))
  }

  #schedule(delayMs: number): void {
    const { clock } = this.#port
    this.#dueAt = clock.now() + delayMs
    this.#timer = clock.schedule(delayMs, () => this.#run(clock.now()))
  }

  #run(now: number): void {
    const graceMs = this.#stall.graceMs(now - this.#dueAt)
    if (graceMs > 0) {
      this.#schedule(graceMs)
      return
    }
    this.#timer = undefined
    this.#port.tick(now)
    this.arm()
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
  }
}
