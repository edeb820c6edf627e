/** Things in the order of their ranks; those of one rank in the order of numbers of their own. A binary heap. */
export class Heap<T> {
  readonly #numberOf: (item: T) => number
  readonly #ranks: number[] = []
  readonly #items: T[] = []

  constructor(numberOf: (item: T) => number) {
    this.#numberOf = numberOf
  }

  get size(): number {
    return this.#items.length
  }

  get first(): T | undefined {
    return this.#items[0]
  }

  /** Infinity where there is none. */
  get firstRank(): number {
    return this.#ranks[0] ?? Infinity
  }

  add(rank: number, item: T): void {
    let index = this.#items.length
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#isBefore(rank, item, parent)) break
      this.#move(parent, index)
      index = parent
    }
    this.#ranks[index] = rank
    this.#items[index] = item
  }

  /** Takes the first one out. */
  take(): T | undefined {
    const first = this.#items[0]
    const rank = this.#ranks.pop()
    const item = this.#items.pop()
    const size = this.#items.length
    if (rank === undefined || item === undefined || size === 0) return first
    let index = 0
    for (let child = 1; child < size; child = 2 * index + 1) {
      const below = child + 1 < size && this.#isInFront(child + 1, child) ? child + 1 : child
      if (this.#isBefore(rank, item, below)) break
      this.#move(below, index)
      index = below
    }
    this.#ranks[index] = rank
    this.#items[index] = item
    return first
  }

  #isInFront(index: number, other: number): boolean {
    const item = this.#items[index]
    return item !== undefined && this.#isBefore(this.#ranks[index] ?? Infinity, item, other)
  }

  #isBefore(rank: number, item: T, index: number): boolean {
    const other = this.#ranks[index] ?? Infinity
    if (rank !== other) return rank < other
    const otherItem = this.#items[index]
    return otherItem === undefined || this.#numberOf(item) < this.#numberOf(otherItem)
  }

  #move(from: number, to: number): void {
    const item = this.#items[from]
    if (item === undefined) return
    this.#ranks[to] = this.#ranks[from] ?? Infinity
    this.#items[to] = item
  }

  clear(): void {
    this.#ranks.length = 0
    this.#items.length = 0
  }
}
