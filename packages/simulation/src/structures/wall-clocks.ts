// Which hosts have wall clocks that can be relied on, where nothing else is left of what there was.

export class WallClocks {
  readonly #hosts: number
  readonly #setBack = new Set<string>()
  #isAhead = false

  /** @param hosts - how many there are */
  constructor(hosts: number) {
    this.#hosts = hosts
  }

  set(host: string, byMs: number): void {
    if (byMs < 0) this.#setBack.add(host)
    // Epochs of times that have not been may have been given from then on.
    else this.#isAhead = true
  }

  get wereSet(): boolean {
    return this.#isAhead || this.#setBack.size > 0
  }

  /** None was ever set ahead, and fewer than half were set back: those who are right see to it that epochs rise again. */
  get areMostlyRight(): boolean {
    return !this.#isAhead && this.#setBack.size * 2 < this.#hosts
  }
}
