// Writes refs, each field in as few bytes as it needs, into one buffer that is used again and again. Fields are
// this package's own, so nothing checks their range.

const textEncoder = new TextEncoder()

export class FrameWriter {
  /** What was written is `bytes[0, length)`. */
  bytes: Uint8Array = new Uint8Array(4_096)
  length = 0

  begin(): void {
    this.length = 0
  }

  u8(value: number): void {
    this.#reserve(1)
    this.bytes[this.length++] = value
  }

  /** An integer from 0 to 2⁵³ − 1: seven bits a byte, low bits first. */
  varint(value: number): void {
    this.#reserve(8)
    // Numbers of refs are wider than 32 bits: as two that are not, they are quicker to take apart.
    const high = Math.floor(value / 0x1000_0000)
    const low = value & 0xfff_ffff
    if (high === 0) {
      this.#bits(low)
      return
    }
    for (let shift = 0; shift < 28; shift += 7) {
      this.bytes[this.length++] = (low >>> shift) | 0x80
    }
    this.#bits(high)
  }

  /** Of at most 28 bits. */
  #bits(value: number): void {
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) this.bytes[this.length++] = rest | 0x80
    this.bytes[this.length++] = rest
  }

  /** UTF-8 behind its length. */
  text(text: string): void {
    const encoded = textEncoder.encode(text)
    this.varint(encoded.length)
    this.#reserve(encoded.length)
    this.bytes.set(encoded, this.length)
    this.length += encoded.length
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }

  #reserve(more: number): void {
    if (this.length + more > this.bytes.length) this.#grow(this.length + more)
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
