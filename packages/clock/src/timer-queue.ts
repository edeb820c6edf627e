/** A callback waiting for its time. Only the queue writes `position`; below 0 it is not waiting. */
export interface QueuedTimer {
  readonly dueAt: number
  /** Of timers due together the lower one runs first; of equal ranks, the one set first. */
  readonly rank: number
  /** Grows with every timer. */
  readonly order: number
  readonly callback: () => void
  position: number
}

/**
 * Timers by due time, then by rank and order: a binary heap that knows where each timer stands, so that
 * cancelling costs O(log n) as well and a cancelled timer leaves nothing behind.
 */
export class TimerQueue {
  readonly #heap: QueuedTimer[] = []

  get size(): number {
    return this.#heap.length
  }

  get first(): QueuedTimer | undefined {
    return this.#heap[0]
  }

  add(timer: QueuedTimer): void {
    this.#heap.push(timer)
    this.#rise(timer, this.#heap.length - 1)
  }

  /** Does nothing for a timer that is not waiting. */
  remove(timer: QueuedTimer): void {
    const position = timer.position
    if (position < 0) return
    timer.position = -1
    const last = this.#heap.pop()
    if (last === undefined || last === timer) return
    this.#rise(last, position)
    this.#sink(last, last.position)
  }

  #rise(timer: QueuedTimer, from: number): void {
    let position = from
    while (position > 0) {
      const parentPosition = (position - 1) >> 1
      const parent = this.#heap[parentPosition]
      if (parent === undefined || !isEarlier(timer, parent)) break
      this.#place(parent, position)
      position = parentPosition
    }
    this.#place(timer, position)
  }

  #sink(timer: QueuedTimer, from: number): void {
    let position = from
    for (;;) {
      const left = this.#heap[2 * position + 1]
      const right = this.#heap[2 * position + 2]
      const child =
        left !== undefined && right !== undefined && isEarlier(right, left) ? right : left
      if (child === undefined || !isEarlier(child, timer)) break
      const childPosition = child.position
      this.#place(child, position)
      position = childPosition
    }
    this.#place(timer, position)
  }

  #place(timer: QueuedTimer, position: number): void {
    this.#heap[position] = timer
    timer.position = position
  }
}

function isEarlier(left: QueuedTimer, right: QueuedTimer): boolean {
  if (left.dueAt !== right.dueAt) return left.dueAt < right.dueAt
  return left.rank === right.rank ? left.order < right.order : left.rank < right.rank
}
