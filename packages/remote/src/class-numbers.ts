// Which registered classes messages between this node and a peer name by number. The number of a class is a digest of its
// name, so it means the same in every message, and nothing that is lost changes that. Whether the peer has that class by
// that number is for the peer to say: until it has, and where it takes the number back, names travel.

export class ClassNumbers {
  readonly #maxClasses: number
  /** What was sent by name, by its number: of nothing else may the peer say that it takes the number. */
  readonly #sent = new Map<number, string>()
  readonly #taken = new Set<number>()
  /** How often classes came by name that have a number here. */
  readonly #received = new Map<number, number>()

  constructor(maxClasses: number) {
    this.#maxClasses = maxClasses
  }

  /** How many classes the peer takes by number. */
  get size(): number {
    return this.#taken.size
  }

  /** Whether the peer takes the number of a class that is sent now. */
  takes(number: number, name: string): boolean {
    if (this.#taken.has(number)) return true
    if (this.#sent.size < this.#maxClasses) this.#sent.set(number, name)
    return false
  }

  /** The peer says that it has that class by that number. */
  taken(number: number, name: string): void {
    if (this.#sent.get(number) === name) this.#taken.add(number)
  }

  /** The peer says that it has none by that number. */
  unknown(number: number): void {
    this.#taken.delete(number)
  }

  /** @returns whether to tell the peer of the number: less and less often, where it goes on by name */
  cameByName(number: number): boolean {
    const count = (this.#received.get(number) ?? 0) + 1
    this.#received.set(number, count)
    return (count & (count - 1)) === 0
  }
}
