// Those who wait for a journal that may never answer. Nearly all are answered long before, so that a timer for each would cost
// more than what it watches: all that wait equally long by one clock share one.
import { StallGrace, type Clock } from '@casty/clock'

/** A link in the list of those who wait. */
export interface Waiter {
  readonly dueAt: number
  readonly giveUp: () => void
  previous: Waiter | undefined
  next: Waiter | undefined
  isOver: boolean
}

/** Mutable. Whoever began first is due first. There is a timer as long as somebody waits. */
export class Waiters {
  readonly #clock: Clock
  readonly #ms: number
  // Linked by hand: a `Map` of what comes and goes that quickly takes several times as long.
  #first: Waiter | undefined
  #last: Waiter | undefined
  #timer: Disposable | undefined
  readonly #stall = new StallGrace()
  #looksAt = 0

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#ms = ms
  }

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#first === undefined
  }

  /** @param giveUp - called once when it has waited for too long */
  add(giveUp: () => void): Waiter {
    const now = this.#clock.now()
    const dueAt = now + this.#ms
    const previous = this.#last
    const waiter: Waiter = { dueAt, giveUp, previous, next: undefined, isOver: false }
    if (previous) previous.next = waiter
    else this.#first = waiter
    this.#last = waiter
    this.#timer ??= this.#arm(now, this.#ms)
    return waiter
  }

  /** It waits no more. */
  delete(waiter: Waiter): void {
    if (waiter.isOver) return
    this.#unlink(waiter)
    if (this.#first) return
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#stall.forget()
  }

  #unlink(waiter: Waiter): void {
    const { previous, next } = waiter
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    waiter.isOver = true
    waiter.previous = undefined
    waiter.next = undefined
  }

  #arm(now: number, delayMs: number): Disposable {
    this.#looksAt = now + delayMs
    return this.#clock.schedule(delayMs, () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    const graceMs = this.#stall.graceMs(this.#clock.now() - this.#looksAt)
    if (graceMs > 0) {
      this.#timer = this.#arm(this.#clock.now(), graceMs)
      return
    }
    while (this.#first) {
      const now = this.#clock.now()
      const leftMs = this.#first.dueAt - now
      if (leftMs > 0) {
        this.#timer = this.#arm(now, leftMs)
        return
      }
      const { giveUp } = this.#first
      this.#unlink(this.#first)
      giveUp()
    }
  }
}

/** By clock and by how long. Few, since all actors of a system go by one clock, and most by the same options. */
const known = new WeakMap<Clock, Map<number, Waiters>>()

export function waitersOf(clock: Clock, ms: number): Waiters {
  let ofClock = known.get(clock)
  if (!ofClock) known.set(clock, (ofClock = new Map()))
  return ofClock.get(ms) ?? begin(ofClock, clock, ms)
}

/** Lengths of time that nobody waits for any more are forgotten, or code that makes up new ones would gather them. */
function begin(ofClock: Map<number, Waiters>, clock: Clock, ms: number): Waiters {
  for (const [length, { isEmpty }] of ofClock) if (isEmpty) ofClock.delete(length)
  const waiters = new Waiters(clock, ms)
  ofClock.set(ms, waiters)
  return waiters
}
