const largestFrameBytes = 1_048_576

/** Cuts chunks into frames of a 4-byte big-endian length and a body, copying only those cut apart. */
export class RawReader {
  readonly #onFrame: (bytes: Uint8Array, start: number, end: number) => void
  readonly #rest = Buffer.allocUnsafeSlow(largestFrameBytes + 4)
  #kept = 0

  constructor(onFrame: (bytes: Uint8Array, start: number, end: number) => void) {
    this.#onFrame = onFrame
  }

  read(chunk: Buffer, length: number): void {
    let at = this.#kept > 0 ? this.#complete(chunk, length) : 0
    while (length - at >= 4) {
      const end = at + 4 + chunk.readUInt32BE(at)
      if (end > length) break
      this.#onFrame(chunk, at + 4, end)
      at = end
    }
    if (at < length) this.#kept += chunk.copy(this.#rest, this.#kept, at, length)
  }

  #complete(chunk: Buffer, length: number): number {
    const rest = this.#rest
    let at = 0
    if (this.#kept < 4) {
      at = chunk.copy(rest, this.#kept, 0, Math.min(length, 4 - this.#kept))
      this.#kept += at
      if (this.#kept < 4) return at
    }
    const end = 4 + rest.readUInt32BE(0)
    const taken = chunk.copy(rest, this.#kept, at, Math.min(length, at + end - this.#kept))
    this.#kept += taken
    if (this.#kept < end) return at + taken
    this.#kept = 0
    this.#onFrame(rest, 4, end)
    return at + taken
  }
}
