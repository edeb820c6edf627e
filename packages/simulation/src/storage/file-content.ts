/** The bytes of one file. Those of the array beyond `size` are zero, so growing shows zeros. */
export class FileContent {
  #bytes: Uint8Array
  #size: number

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#size = bytes.length
  }

  static empty(): FileContent {
    return new FileContent(new Uint8Array(0))
  }

  clone(): FileContent {
    return new FileContent(this.read(0, this.#size).slice())
  }

  get size(): number {
    return this.#size
  }

  /** What stands there, fewer bytes at the end of file. A view: valid until the next change. */
  read(position: number, length: number): Uint8Array {
    const end = Math.min(position + length, this.#size)
    return this.#bytes.subarray(Math.min(position, end), end)
  }

  /** A gap before `position` reads as zeros. */
  write(position: number, bytes: Uint8Array): void {
    this.#grow(position + bytes.length)
    this.#bytes.set(bytes, position)
    this.#size = Math.max(this.#size, position + bytes.length)
  }

  truncate(size: number): void {
    this.#grow(size)
    if (size < this.#size) this.#bytes.fill(0, size, this.#size)
    this.#size = size
  }

  /** @param bit - 0 to 7 */
  flipBit(position: number, bit: number): void {
    const byte = this.#bytes[position]
    if (byte !== undefined && position < this.#size) this.#bytes[position] = byte ^ (1 << bit)
  }

  #grow(size: number): void {
    if (size <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(size, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
