// Those who wait for a journal that may never answer. Nearly all are answered long before, so that a timer for each would cost
// more than what it watches: all that wait equally long by one clock share one.
import type { Clock } from '@casty/clock'

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

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#ms = ms
  }

  /** @param giveUp - called once when it has waited for too long */
  add(giveUp: () => void): Waiter {
    const dueAt = this.#clock.now() + this.#ms
    const previous = this.#last
    const waiter: Waiter = { dueAt, giveUp, previous, next: undefined, isOver: false }
    if (previous) previous.next = waiter
    else this.#first = waiter
    this.#last = waiter
    this.#timer ??= this.#arm(this.#ms)
    return waiter
  }

  /** It waits no more. */
  delete(waiter: Waiter): void {
    if (waiter.isOver) return
    this.#unlink(waiter)
    if (this.#first) return
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
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

  #arm(delayMs: number): Disposable {
    return this.#clock.schedule(delayMs, () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    while (this.#first) {
      const leftMs = this.#first.dueAt - this.#clock.now()
      if (leftMs > 0) {
        this.#timer = this.#arm(leftMs)
        return
      }
      const { giveUp } = this.#first
      this.#unlink(this.#first)
      giveUp()
    }
  }
}

/** By clock and by how long: few, since all actors of a system go by one clock, and most by the same options. */
const known = new WeakMap<Clock, Map<number, Waiters>>()

export function waitersOf(clock: Clock, ms: number): Waiters {
  let ofClock = known.get(clock)
  if (!ofClock) known.set(clock, (ofClock = new Map()))
  let waiters = ofClock.get(ms)
  if (!waiters) ofClock.set(ms, (waiters = new Waiters(clock, ms)))
  return waiters
}
