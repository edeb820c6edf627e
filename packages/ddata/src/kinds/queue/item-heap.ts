/** Numbers in the order of a key; equal keys in the order of the numbers. A binary heap. */
export class ItemHeap {
  readonly #keys: number[] = []
  readonly #items: number[] = []

  get size(): number {
    return this.#items.length
  }

  get first(): number | undefined {
    return this.#items[0]
  }

  /** Infinity where there is none. */
  get firstKey(): number {
    return this.#keys[0] ?? Infinity
  }

  add(key: number, item: number): void {
    let index = this.#items.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#isBefore(key, item, parent)) break
      this.#move(parent, index)
      index = parent
    }
    this.#keys[index] = key
    this.#items[index] = item
  }

  /** Takes the first one out. */
  take(): number | undefined {
    const first = this.#items[0]
    const key = this.#keys.pop()
    const item = this.#items.pop()
    const size = this.#items.length
    if (key === undefined || item === undefined || size === 0) return first
    let index = 0
    for (let child = 1; child < size; child = 2 * index + 1) {
      const right = child + 1
      const rightKey = this.#keys[right] ?? Infinity
      const rightItem = this.#items[right] ?? Infinity
      const below = right < size && this.#isBefore(rightKey, rightItem, child) ? right : child
      if (!this.#isAfter(key, item, below)) break
      this.#move(below, index)
      index = below
    }
    this.#keys[index] = key
    this.#items[index] = item
    return first
  }

  #isBefore(key: number, item: number, index: number): boolean {
    const other = this.#keys[index] ?? Infinity
    return key < other || (key === other && item < (this.#items[index] ?? Infinity))
  }

  #isAfter(key: number, item: number, index: number): boolean {
    return !this.#isBefore(key, item, index)
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] ?? 0
    this.#items[to] = this.#items[from] ?? 0
  }

  clear(): void {
    this.#keys.length = 0
    this.#items.length = 0
  }
}
