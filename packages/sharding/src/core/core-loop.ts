// What keeps a core going: has one event after the other done, each to its end, and comes back at the core's next deadline.
import type { Clock } from '@casty/clock'
import { DeadlineTimer } from '../deadline-timer.ts'
import type { CoreEffect, CoreEvent } from './core-events.ts'
import type { ShardingCore } from './sharding-core.ts'

/** What it needs of the rest. */
export interface CoreLoopPort {
  readonly clock: Clock
  readonly gate: { setUntil(until: number): void }
  /** Does what a core wants done; may raise other events. */
  perform(effect: CoreEffect): void
  /** Doing so failed. */
  failed(effect: CoreEffect, error: unknown): void
  /** Events have been done: what somebody waits for may have come about. */
  stepped(): void
}

/** Mutable. Once it is disposed of, nothing may run here any more, and no event is heeded. */
export class CoreLoop implements Disposable {
  readonly #core: Pick<ShardingCore, 'step' | 'nextDeadline' | 'leaseUntil'>
  readonly #port: CoreLoopPort
  readonly #timer: DeadlineTimer
  readonly #queue: CoreEvent[] = []
  #isOver = false

  constructor(
    core: Pick<ShardingCore, 'step' | 'nextDeadline' | 'leaseUntil'>,
    port: CoreLoopPort,
  ) {
    this.#core = core
    this.#port = port
    this.#timer = new DeadlineTimer(port.clock, () => this.dispatch({ type: 'deadline-reached' }))
  }

  /** Runs each event to completion: one raised by an effect waits its turn. */
  dispatch(event: CoreEvent): void {
    if (this.#isOver || this.#queue.push(event) > 1) return
    try {
      for (const next of this.#queue) {
        if (this.#isOver) break
        this.#step(next)
      }
    } finally {
      this.#queue.length = 0 // Or no event would be heeded any more.
      this.#arm()
    }
    this.#port.stepped()
  }

  #arm(): void {
    if (this.#isOver) return
    const now = this.#port.clock.now()
    this.#timer.set(this.#core.nextDeadline(now), now)
  }

  #step(event: CoreEvent): void {
    const { clock, gate } = this.#port
    const effects = this.#core.step(event, { now: clock.now(), wallNow: clock.wallNow() })
    // Before what runs here changes: what is another's by now must not act on an old lease.
    gate.setUntil(this.#core.leaseUntil)
    for (const effect of effects) this.#perform(effect)
  }

  /** What fails must not keep the others from happening: they are of events that will not come again. */
  #perform(effect: CoreEffect): void {
    try {
      this.#port.perform(effect)
    } catch (error) {
      this.#port.failed(effect, error)
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#port.gate.setUntil(Number.NEGATIVE_INFINITY)
    this.#timer[Symbol.dispose]()
  }
}
