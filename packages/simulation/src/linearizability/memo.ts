/** What one remembered configuration takes beside its characters, in bytes; measured, rounded up. */
const entryBytes = 96

/**
 * The configurations that a search has been in: which operations were placed, and in which state.
 * Reaching one again on another way leads nowhere new.
 *
 * A set of placed operations is written as the number of its lowest gap, the words of bits from there
 * on, and all words of those with unknown outcomes. That keeps it short however long the history is:
 * what is placed above a gap overlaps it in time.
 *
 * @see Lowe, "Testing for linearizability", Concurrency and Computation 2017 (just-in-time
 * linearization with a store of configurations)
 */
export class Memo {
  readonly #seen = new Set<string>()
  readonly #stateNumbers = new Map<string, number>()
  readonly #completed: Uint32Array
  readonly #unknown: Uint32Array
  readonly #completedCount: number
  #bytes = 0

  constructor(completedCount: number, unknownCount: number) {
    this.#completedCount = completedCount
    this.#completed = new Uint32Array(wordOf(completedCount) + 1)
    this.#unknown = new Uint32Array(wordOf(unknownCount) + 1)
  }

  /** An estimate of what is held, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#seen.size
  }

  /** Notes that an operation is placed, or is no longer. */
  flip(number: number): void {
    const [words, bit] =
      number < this.#completedCount
        ? [this.#completed, number]
        : [this.#unknown, number - this.#completedCount]
    words[wordOf(bit)] = (words[wordOf(bit)] ?? 0) ^ (1 << (bit & 31))
  }

  /**
   * Remembers the present set with this state.
   *
   * @param lowest - the lowest number of a completed operation that is not placed
   * @param highest - the highest number of a completed operation that is placed, -1 for none
   * @returns false if it was there already
   */
  add(lowest: number, highest: number, stateKey: string): boolean {
    let key = `${this.#stateNumber(stateKey)},${lowest}`
    for (let word = wordOf(lowest); word <= wordOf(highest); word++) {
      key += `,${(this.#completed[word] ?? 0).toString(36)}`
    }
    key += ';'
    for (const word of this.#unknown) key += `${word.toString(36)},`
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    this.#bytes += entryBytes + key.length
    return true
  }

  #stateNumber(stateKey: string): number {
    const known = this.#stateNumbers.get(stateKey)
    if (known !== undefined) return known
    const number = this.#stateNumbers.size
    this.#stateNumbers.set(stateKey, number)
    this.#bytes += entryBytes + 2 * stateKey.length
    return number
  }
}

function wordOf(bit: number): number {
  return bit >> 5
}
