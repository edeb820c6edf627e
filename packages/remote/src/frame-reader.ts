// Reads what FrameWriter and FrontWriter wrote, out of bytes that nobody vouches for: each read is checked against the end
// first, and whatever does not fit is CASTY_REMOTE_MALFORMED.
import { RemoteError } from './errors.ts'

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** What is left of 2⁵³ − 1 above its lower 28 bits. */
const highestHigh = 0x1ff_ffff

export class FrameReader {
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the next read begins. */
  at = 0
  end = 0

  begin(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  u8(): number {
    const { at } = this
    if (at >= this.end) throw cutOff()
    this.at = at + 1
    return this.bytes[at] as number // Within the range that was checked.
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8()
  }

  u32(): number {
    return this.u16() * 0x1_0000 + this.u16()
  }

  /** An integer from 0 to 2⁵³ − 1; longer forms of it than needed are refused. */
  varint(): number {
    const first = this.u8()
    return first < 0x80 ? first : this.#longVarint(first)
  }

  /** Its lower 28 bits come first, and make a number of their own: those of 32 bits are quicker to put together. */
  #longVarint(first: number): number {
    let low = first & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.u8()
      low |= (byte & 0x7f) << shift
      if (byte === 0) throw badVarint()
      if (byte < 0x80) return low
    }
    let high = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8()
      high |= (byte & 0x7f) << shift
      if (byte === 0) break
      if (byte >= 0x80) continue
      if (high > highestHigh) break
      return high * 0x1000_0000 + low
    }
    throw badVarint()
  }

  text(maxBytes: number): string {
    const length = this.varint()
    if (length > maxBytes) throw RemoteError.malformed(`A text of ${length} bytes is too long`)
    if (length > this.end - this.at) throw cutOff()
    const start = this.at
    this.at = start + length
    try {
      return textDecoder.decode(this.bytes.subarray(start, this.at))
    } catch (cause) {
      throw RemoteError.malformed('A text is no UTF-8', cause)
    }
  }

  /** Refuses bytes behind the last field. */
  finish(): void {
    if (this.at === this.end) return
    throw RemoteError.malformed(`${this.end - this.at} bytes are left over`)
  }
}

function badVarint(): RemoteError {
  return RemoteError.malformed('A number is above 2⁵³ − 1, or longer than it needs to be')
}

function cutOff(): RemoteError {
  return RemoteError.malformed('A frame ends before it should')
}
