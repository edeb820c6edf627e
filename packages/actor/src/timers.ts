// Messages that an actor sends itself later. One that was cancelled, or replaced, is never handled, not
// even when it waits in the mailbox already.
import type { Cell } from './cell.ts'
import { Envelope } from './envelope.ts'
import { ActorError } from './errors.ts'

/** Timers of one actor, by key. All end when it stops or restarts. */
export interface Timers<M> {
  /** Sends `message` once. A timer of the same key is replaced. @param delayMs - from now */
  startOnce(key: string, message: M, delayMs: number): void
  /**
   * Sends `message` over and over. The rhythm is kept: one that comes late makes no other late, and none
   * is sent while the one before it waits.
   *
   * @param firstMs - when the first one is sent, from now. @defaultValue everyMs
   */
  startPeriodic(key: string, message: M, everyMs: number, firstMs?: number): void
  /** Does nothing where there is none. */
  cancel(key: string): void
  cancelAll(): void
  isActive(key: string): boolean
}

export class CellTimers<M> implements Timers<M> {
  readonly #cell: Cell
  readonly #timers = new Map<string, Timer>()

  constructor(cell: Cell) {
    this.#cell = cell
  }

  startOnce(key: string, message: M, delayMs: number): void {
    this.#start(key, message, durationOf('delayMs', delayMs, 0))
  }

  startPeriodic(key: string, message: M, everyMs: number, firstMs: number = everyMs): void {
    durationOf('everyMs', everyMs, Number.MIN_VALUE)
    this.#start(key, message, durationOf('firstMs', firstMs, 0), everyMs)
  }

  #start(key: string, message: M, delayMs: number, everyMs?: number): void {
    this.cancel(key)
    const timer = new Timer(this.#cell, message, everyMs, () => {
      if (this.#timers.get(key) === timer) this.#timers.delete(key)
    })
    this.#timers.set(key, timer)
    timer.arm(delayMs)
  }

  cancel(key: string): void {
    this.#timers.get(key)?.cancel()
    this.#timers.delete(key)
  }

  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }

  isActive(key: string): boolean {
    return this.#timers.has(key)
  }
}

/** One timer, which is itself what it puts into the mailbox: at most once at a time. */
class Timer extends Envelope {
  override readonly content: unknown
  readonly #cell: Cell
  readonly #everyMs: number | undefined
  readonly #isOver: () => void
  #handle: Disposable | undefined
  #dueAt = 0
  #isCancelled = false
  #isWaiting = false

  constructor(cell: Cell, content: unknown, everyMs: number | undefined, isOver: () => void) {
    super()
    this.#cell = cell
    this.content = content
    this.#everyMs = everyMs
    this.#isOver = isOver
  }

  arm(delayMs: number): void {
    const { clock } = this.#cell.runtime
    this.#dueAt = clock.now() + delayMs
    this.#handle = clock.schedule(delayMs, () => this.#fire())
  }

  #fire(): void {
    if (!this.#isWaiting) {
      this.#isWaiting = true
      this.#cell.enqueueAlways(this)
    }
    if (this.#everyMs === undefined) return
    const { clock } = this.#cell.runtime
    // What was missed, as while the process stood still, is not made up for.
    const missed = Math.floor(Math.max(0, clock.now() - this.#dueAt) / this.#everyMs)
    this.#dueAt += (missed + 1) * this.#everyMs
    this.#handle = clock.schedule(this.#dueAt - clock.now(), () => this.#fire())
  }

  cancel(): void {
    this.#isCancelled = true
    this.#handle?.[Symbol.dispose]()
  }

  override get isValid(): boolean {
    return !this.#isCancelled
  }

  override open(): unknown {
    this.#isWaiting = false
    if (this.#everyMs === undefined) this.#isOver()
    return this.content
  }

  /** It was told to nobody but the one who has stopped. */
  override undelivered(): void {}
}

function durationOf(option: string, value: number, least: number): number {
  if (value >= least && Number.isFinite(value)) return value
  const allowed = `a number of milliseconds ${least > 0 ? 'above' : 'from'} 0`
  throw ActorError.invalidOption('a timer', option, value, allowed)
}
