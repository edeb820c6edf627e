interface Expiry {
  readonly at: number
  readonly key: string
}

/** Those of one time in the order of their keys: whoever goes on with a part has them end in the same order. */
function isBefore(left: Expiry, right: Expiry): boolean {
  return left.at < right.at || (left.at === right.at && left.key < right.key)
}

/** By the clock of the part: whole, and not beyond what is exact. */
export function endOf(now: number, ttlMs: number): number {
  return Math.min(now + ttlMs, Number.MAX_SAFE_INTEGER)
}

/** When entries end, the first one first: a heap, from which nothing is taken before its time. */
export class Expiries {
  readonly #heap: Expiry[] = []

  get first(): Expiry | undefined {
    return this.#heap[0]
  }

  get size(): number {
    return this.#heap.length
  }

  add(key: string, at: number): void {
    const heap = this.#heap
    const added = { at, key }
    let index = heap.push(added) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (!above || !isBefore(added, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = added
  }

  /** @returns the first, which is taken out */
  take(): Expiry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const left = heap[child]
      const right = heap[child + 1]
      if (!left) break
      if (right && isBefore(right, left)) child += 1
      const below = heap[child]
      if (!below || !isBefore(below, last)) break
      heap[index] = below
      index = child
    }
    heap[index] = last
    return first
  }

  clear(): void {
    this.#heap.length = 0
  }
}
