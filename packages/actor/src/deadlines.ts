// Deadlines of questions. Nearly all of them are answered long before, so that a timer for each would cost more
// than the question itself: questions that are given as long share one.
import type { Clock } from '@casty/clock'
import type { Turns } from './dispatcher.ts'

/** Somebody who waits, but not for ever: a link in the list of those who may wait for as long. */
export interface Waiting {
  dueAt: number
  previous: Waiting | undefined
  next: Waiting | undefined
  /** Called when it has waited for too long. It takes itself out of the queue. */
  expire(timeoutMs: number): void
  /** Called when nothing will come any more. It takes itself out of the queue. */
  abandon(): void
}

/**
 * Ends what waits for too long, each by the clock and to the millisecond; its time begins at the end of the turn in which it
 * began to wait, so that the clock is looked at once for all of a turn.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #turns: Turns
  readonly #queues = new Map<number, DeadlineQueue>()

  constructor(clock: Clock, turns: Turns) {
    this.#clock = clock
    this.#turns = turns
  }

  /** @returns where it waits: it is to be taken out of there when it waits no more */
  add(waiting: Waiting, timeoutMs: number): DeadlineQueue {
    const queue = this.#queues.get(timeoutMs) ?? this.#begin(timeoutMs)
    queue.add(waiting)
    return queue
  }

  /** Ends all that wait. */
  abandonAll(): void {
    for (const queue of Array.from(this.#queues.values())) queue.abandonAll()
  }

  #begin(timeoutMs: number): DeadlineQueue {
    const queue = new DeadlineQueue(this.#clock, this.#turns, timeoutMs, () => {
      if (this.#queues.get(timeoutMs) === queue) this.#queues.delete(timeoutMs)
    })
    this.#queues.set(timeoutMs, queue)
    return queue
  }
}

/** All that may wait for as long: whoever began first is due first. */
export class DeadlineQueue {
  readonly #clock: Clock
  readonly #turns: Turns
  readonly #timeoutMs: number
  readonly #onEmpty: () => void
  readonly #releaseIfEmpty = (): void => this.#release()
  readonly #endTurn = (): void => this.#startTimes()
  // Linked by hand: a `Map` of what comes and goes that quickly takes several times as long.
  #first: Waiting | undefined
  #last: Waiting | undefined
  /** The first whose time has not begun: nor has that of those behind it. */
  #firstOfTurn: Waiting | undefined
  /** Set while there is somebody, and until all others in the process had their turn. */
  #timer: Disposable | undefined
  #isReleasing = false

  constructor(clock: Clock, turns: Turns, timeoutMs: number, onEmpty: () => void) {
    this.#clock = clock
    this.#turns = turns
    this.#timeoutMs = timeoutMs
    this.#onEmpty = onEmpty
  }

  add(waiting: Waiting): void {
    waiting.previous = this.#last
    if (this.#last) this.#last.next = waiting
    else this.#first = waiting
    this.#last = waiting
    this.#timer ??= this.#arm(this.#timeoutMs)
    if (this.#firstOfTurn) return
    this.#firstOfTurn = waiting
    // Whoever moves a clock may do so within a turn.
    if (this.#turns.isReal) this.#turns.soon(this.#endTurn)
    else this.#startTimes()
  }

  /** The time of all that began to wait in this turn. */
  #startTimes(): void {
    if (!this.#firstOfTurn) return
    const dueAt = this.#clock.now() + this.#timeoutMs
    let waiting: Waiting | undefined = this.#firstOfTurn
    for (; waiting; waiting = waiting.next) waiting.dueAt = dueAt
    this.#firstOfTurn = undefined
  }

  /** Not to be called twice. */
  delete(waiting: Waiting): void {
    const { previous, next } = waiting
    if (waiting === this.#firstOfTurn) this.#firstOfTurn = next
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    waiting.previous = undefined
    waiting.next = undefined
    if (this.#first) return
    // On a clock that somebody moves, timers are seen, and cost nothing.
    if (!this.#turns.isReal) this.#release()
    else if (!this.#isReleasing) {
      // Whoever got an answer may ask again at once, so often that a timer each time would tell.
      this.#isReleasing = true
      this.#turns.afterOthers(this.#releaseIfEmpty)
    }
  }

  abandonAll(): void {
    while (this.#first) this.#first.abandon()
    this.#release()
  }

  #arm(delayMs: number): Disposable {
    return this.#clock.schedule(delayMs, () => this.#expire())
  }

  #expire(): void {
    this.#timer = undefined
    while (this.#first) {
      const leftMs = this.#first.dueAt - this.#clock.now()
      if (leftMs > 0) {
        this.#timer = this.#arm(leftMs)
        return
      }
      this.#first.expire(this.#timeoutMs)
    }
    this.#release()
  }

  #release(): void {
    this.#isReleasing = false
    if (this.#first) return
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#onEmpty()
  }
}
