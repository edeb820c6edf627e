// Messages that an actor sends itself later. One that was cancelled, or replaced, is never handled, not
// even when it waits in the mailbox already.
import type { Cell } from './cell.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import { Envelope } from './envelope.ts'
import { ActorError } from './errors.ts'
import { duration } from './option-values.ts'
import { Rhythm } from './rhythm.ts'
import type { Runtime } from './runtime.ts'

/** Timers of one actor, by key. All end when it stops or restarts. */
export interface Timers<M> {
  /** Sends `message` once. A timer of the same key is replaced. @param delayMs - from now */
  startOnce(key: string, message: M, delayMs: number): void
  /**
   * Sends `message` over and over. The rhythm is kept: one that comes late makes no other late, and none
   * is sent while the one before it waits.
   *
   * @param everyMs - from 1
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
    this.#start(key, message, duration('a timer', 'delayMs', delayMs, 0))
  }

  startPeriodic(key: string, message: M, everyMs: number, firstMs: number = everyMs): void {
    duration('a timer', 'everyMs', everyMs, 1)
    this.#start(key, message, duration('a timer', 'firstMs', firstMs, 0), everyMs)
  }

  #start(key: string, message: M, delayMs: number, everyMs?: number): void {
    this.cancel(key)
    // It would be nobody's: all of its timers have ended by now.
    if (this.#cell.isEnding) throw ActorError.stopped(this.#cell.path)
    const timer = new Timer(this.#cell, message, everyMs, this.#timers, key)
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
  readonly #timers: Map<string, Timer>
  readonly #key: string
  #handle: Disposable | undefined
  #rhythm: Rhythm | undefined
  #isCancelled = false
  #isWaiting = false

  constructor(
    cell: Cell,
    content: unknown,
    everyMs: number | undefined,
    timers: Map<string, Timer>,
    key: string,
  ) {
    super()
    this.#cell = cell
    this.content = content
    this.#everyMs = everyMs
    this.#timers = timers
    this.#key = key
  }

  arm(delayMs: number): void {
    const { clock } = this.#cell.runtime
    if (this.#everyMs !== undefined) this.#rhythm = new Rhythm(clock, delayMs, this.#everyMs)
    this.#handle = clock.schedule(delayMs, () => this.#fire())
  }

  #fire(): void {
    if (!this.#isWaiting) {
      this.#isWaiting = true
      this.#cell.enqueueAlways(this)
    }
    if (!this.#rhythm) return
    const { clock } = this.#cell.runtime
    this.#handle = clock.schedule(this.#rhythm.next(), () => this.#fire())
  }

  cancel(): void {
    this.#isCancelled = true
    this.#handle?.[Symbol.dispose]()
  }

  override get isOwed(): boolean {
    return true
  }

  override get isValid(): boolean {
    return !this.#isCancelled
  }

  override open(): unknown {
    this.#isWaiting = false
    if (this.#everyMs === undefined && this.#timers.get(this.#key) === this) {
      this.#timers.delete(this.#key)
    }
    return this.content
  }

  /** It is active again, until its message is handled. */
  override shelve(): unknown {
    const other = this.#timers.get(this.#key)
    // What ended it came before, and is not meant for what is put aside after.
    if (this.#isCancelled || (other !== undefined && other !== this)) return this.content
    this.#isWaiting = true
    this.#timers.set(this.#key, this)
    return this
  }

  /** Nobody misses it but the one who has stopped; unless it was not understood. */
  override undelivered(path: string, reason: DeadLetterReason, runtime: Runtime): void {
    if (reason !== 'stopped') super.undelivered(path, reason, runtime)
  }
}
