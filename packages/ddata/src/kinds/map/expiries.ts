/** When entries end, the first one first: a heap, from which nothing is taken before its time. */
export class Expiries {
  readonly #heap: { readonly at: number; readonly key: string }[] = []

  get first(): number {
    return this.#heap[0]?.at ?? Infinity
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
      if (!above || above.at <= at) break
      heap[index] = above
      index = parent
    }
    heap[index] = added
  }

  /** @returns the first, which is taken out */
  take(): { readonly at: number; readonly key: string } | undefined {
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
      if (right && right.at < left.at) child += 1
      const below = heap[child]
      if (!below || below.at >= last.at) break
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
