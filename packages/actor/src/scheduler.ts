// Messages that are sent later, by nobody in particular. An actor that sends itself something has timers.
import type { Clock } from '@casty/clock'
import type { ActorRef } from './actor-ref.ts'
import { courierTo } from './courier.ts'
import { ActorError } from './errors.ts'
import { localCell } from './local-ref.ts'
import { duration, knownNames } from './option-values.ts'
import { Rhythm } from './rhythm.ts'

/** Options of a message that is sent later. */
export interface ScheduleOptions {
  /** One of the same key is replaced. @defaultValue a key of its own */
  readonly key?: string
}

/** Options of a message that is sent over and over. */
export interface RepeatOptions extends ScheduleOptions {
  /** When the first one is sent, from now, in milliseconds. @defaultValue the interval */
  readonly firstMs?: number
}

/** Messages to be sent later. All end with the system, and those to an actor with that actor. */
export interface Scheduler {
  /** @throws ActorError `CASTY_ACTOR_INVALID_OPTION`, `CASTY_ACTOR_STOPPED` */
  once<M>(ref: ActorRef<M>, message: M, delayMs: number, options?: ScheduleOptions): Disposable
  /**
   * @param everyMs - from 1. The rhythm is kept: one that comes late makes no other late
   * @throws ActorError `CASTY_ACTOR_INVALID_OPTION`, `CASTY_ACTOR_STOPPED`
   */
  every<M>(ref: ActorRef<M>, message: M, everyMs: number, options?: RepeatOptions): Disposable
  /** Does nothing where there is none. */
  cancel(key: string): void
}

export class SystemScheduler implements Scheduler {
  readonly #clock: Clock
  readonly #entries = new Map<string | symbol, Disposable>()
  #isOver = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  once<M>(
    ref: ActorRef<M>,
    message: M,
    delayMs: number,
    options: ScheduleOptions = {},
  ): Disposable {
    knownNames('once()', options, ['key'])
    return this.#start(options.key, ref, message, duration('once()', 'delayMs', delayMs, 0))
  }

  every<M>(ref: ActorRef<M>, message: M, everyMs: number, options: RepeatOptions = {}): Disposable {
    knownNames('every()', options, ['key', 'firstMs'])
    const { key, firstMs = everyMs } = options
    duration('every()', 'everyMs', everyMs, 1)
    return this.#start(key, ref, message, duration('every()', 'firstMs', firstMs, 0), everyMs)
  }

  cancel(key: string): void {
    this.#entries.get(key)?.[Symbol.dispose]()
  }

  cancelAll(): void {
    this.#isOver = true
    for (const entry of this.#entries.values()) entry[Symbol.dispose]()
  }

  #start<M>(
    key: string | symbol = Symbol('unnamed'),
    ref: ActorRef<M>,
    message: M,
    firstMs: number,
    everyMs?: number,
  ): Disposable {
    if (this.#isOver) throw ActorError.stopped('The scheduler')
    this.#entries.get(key)?.[Symbol.dispose]()
    const cell = localCell(ref)
    const deliver = courierTo(ref)
    const rhythm = everyMs === undefined ? undefined : new Rhythm(this.#clock, firstMs, everyMs)
    const fire = (): void => {
      if (rhythm) timer = this.#clock.schedule(rhythm.next(), fire)
      else entry[Symbol.dispose]()
      deliver(message)
    }
    const end = (): void => entry[Symbol.dispose]()
    let timer = this.#clock.schedule(firstMs, fire)
    const entry: Disposable = {
      [Symbol.dispose]: () => {
        timer[Symbol.dispose]()
        cell?.forgetEnd(end)
        if (this.#entries.get(key) === entry) this.#entries.delete(key)
      },
    }
    if (cell?.stage === 'stopped') timer[Symbol.dispose]()
    else {
      cell?.whenEnded(end)
      this.#entries.set(key, entry)
    }
    return entry
  }
}
