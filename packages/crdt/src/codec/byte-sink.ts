const textEncoder = new TextEncoder()

/** Bytes being written, in a buffer that grows by doubling. Integers take seven bits a byte, low bits first. */
export class ByteSink {
  #bytes = new Uint8Array(128)
  #length = 0

  u8(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** An integer from 0 to 2⁵³ − 1. */
  varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  /** UTF-8 behind its length. */
  text(text: string): void {
    if (isAscii(text)) return this.#ascii(text)
    const bytes = textEncoder.encode(text)
    this.varint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Most texts: without an array for each. */
  #ascii(text: string): void {
    this.varint(text.length)
    this.#reserve(text.length)
    for (let index = 0; index < text.length; index++) {
      this.#bytes[this.#length++] = text.charCodeAt(index)
    }
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}
