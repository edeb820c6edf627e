/** Counts the messages of one type that wait here for entities which have not begun, or are about to stop. */
export class WaitingRoom {
  readonly #limit: number
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= this.#limit
  }

  enter(): void {
    this.#size++
  }

  leave(count: number): void {
    this.#size -= count
  }
}
