// Where a copy keeps the bytes of its events. An array for each of them would take longer to make, and to be let go, than all
// else that is done about one: so they are cut from larger ones.

const mostBytes = 4_096
const none = new Uint8Array(0)

/** Mutable. What is kept here is let go in about the order in which it came. */
export class Slab {
  #room: Uint8Array = none
  #used = 0

  /**
   * A copy of its own.
   *
   * @param keptBytes - of all that is kept so far: no more than a quarter of that is left free
   */
  keep(bytes: Uint8Array, keptBytes: number): Uint8Array {
    const { length } = bytes
    if (this.#used + length > this.#room.length) {
      const next = Math.min(mostBytes, Math.floor(keptBytes / 4))
      if (2 * length > next) return bytes.slice()
      this.#room = new Uint8Array(next)
      this.#used = 0
    }
    const kept = this.#room.subarray(this.#used, this.#used + length)
    kept.set(bytes)
    this.#used += length
    return kept
  }

  /** Leaves what is free to those that have some of it. */
  letGo(): void {
    this.#room = none
    this.#used = 0
  }
}
