// Writes headers in front of messages that are there already, so that nothing is copied: from the last field to the
// first, each in as few bytes as it needs. `FrameReader` reads them from the first to the last.

const textEncoder = new TextEncoder()

export class FrontWriter {
  bytes: Uint8Array = new Uint8Array(0)
  /** What was written begins here. */
  start = 0

  /** @param start - there is room for all that comes in front of it */
  begin(bytes: Uint8Array, start: number): void {
    this.bytes = bytes
    this.start = start
  }

  u8(value: number): void {
    this.bytes[--this.start] = value
  }

  u16(value: number): void {
    const start = (this.start -= 2)
    this.bytes[start] = value >>> 8
    this.bytes[start + 1] = value
  }

  u32(value: number): void {
    const { bytes } = this
    const start = (this.start -= 4)
    bytes[start] = value >>> 24
    bytes[start + 1] = value >>> 16
    bytes[start + 2] = value >>> 8
    bytes[start + 3] = value
  }

  /** An integer from 0 to 2⁵³ − 1: seven bits a byte, low bits first. */
  varint(value: number): void {
    if (value < 0x80) this.bytes[--this.start] = value
    else this.#longVarint(value)
  }

  /** Numbers of 32 bits are quicker to take apart: the upper part, which stands behind the lower one, is written first. */
  #longVarint(value: number): void {
    const high = Math.floor(value / 0x1000_0000)
    const low = value & 0xfff_ffff
    if (high === 0) {
      this.#bits(low)
      return
    }
    this.#bits(high)
    const { bytes } = this
    const start = (this.start -= 4)
    bytes[start] = low | 0x80
    bytes[start + 1] = (low >>> 7) | 0x80
    bytes[start + 2] = (low >>> 14) | 0x80
    bytes[start + 3] = (low >>> 21) | 0x80
  }

  /** Of at most 28 bits. */
  #bits(value: number): void {
    const { bytes } = this
    const last = this.start - 1
    const length = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4
    const start = (this.start -= length)
    let rest = value
    for (let at = start; at < last; at++, rest >>>= 7) bytes[at] = rest | 0x80
    bytes[last] = rest
  }

  /** UTF-8 behind its length. */
  text(text: string): void {
    const encoded = textEncoder.encode(text)
    this.start -= encoded.length
    this.bytes.set(encoded, this.start)
    this.varint(encoded.length)
  }
}
