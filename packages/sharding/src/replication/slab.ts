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
   * @param keptBytes - of all that is kept so far: an array is no longer than a quarter of that, and what goes into one no
   * longer than a quarter of it, so that little is free where something does not fit any more
   */
  keep(bytes: Uint8Array, keptBytes: number): Uint8Array {
    const { length } = bytes
    if (this.#used + length > this.#room.length) {
      const next = Math.min(mostBytes, Math.floor(keptBytes / 4))
      // Not by `slice`: that of a Buffer shares what it is cut from.
      if (4 * length > next) return new Uint8Array(bytes)
      this.#room = new Uint8Array(next)
      this.#used = 0
    }
    const kept = this.#room.subarray(this.#used, this.#used + length)
    kept.set(bytes)
    this.#used += length
    return kept
  }

  /**
   * Leaves the array that is being filled to those that have some of it, where it is too long for what is kept now.
   *
   * @param emptied - the array that is left in any case, where it is that one
   * @returns that array, for those that have some of it to leave it as well
   */
  letGo(keptBytes: number, emptied: ArrayBufferLike | undefined): ArrayBufferLike | undefined {
    const { buffer } = this.#room
    if (buffer !== emptied && 4 * this.#room.length <= keptBytes) return undefined
    this.#room = none
    this.#used = 0
    return buffer
  }
}

/** Whether the array that these are in is longer than they are: others may have the rest. */
export function isCut(bytes: Uint8Array): boolean {
  return bytes.length < bytes.buffer.byteLength
}
