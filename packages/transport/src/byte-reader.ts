import { TransportError } from './errors.ts'

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the fields that `ByteWriter` wrote, out of bytes that nobody vouches for. Every read is
 * checked against the end first; whatever does not fit throws `CASTY_TRANSPORT_MALFORMED` and
 * nothing else, having allocated no more than the input holds.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  #offset: number

  /** Reads `bytes[start, end)`, and nothing outside of it. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#offset = start
    this.#end = Math.min(end, bytes.length)
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#offset
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** An integer from 0 to 2⁵³ − 1. Longer encodings than needed are refused: one value, one form. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let index = 0; index < 8; index++) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (byte === 0 && index > 0) break
        if (!Number.isSafeInteger(value)) break
        return value
      }
      scale *= 0x80
    }
    throw TransportError.malformed('A number is above 2⁵³ − 1, or longer than it needs to be')
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8))
  }

  bool(): boolean {
    const byte = this.u8()
    if (byte > 1) throw TransportError.malformed(`A truth value reads ${byte}`)
    return byte === 1
  }

  /** UTF-8 of at most `maxBytes`, checked: malformed text is refused, not repaired. */
  string(maxBytes: number): string {
    const encoded = this.#field(maxBytes)
    try {
      return textDecoder.decode(encoded)
    } catch (cause) {
      throw TransportError.malformed('A text is no UTF-8', cause)
    }
  }

  /** A copy of at most `maxBytes`: it outlives the buffer that was read. */
  bytes(maxBytes: number): Uint8Array {
    return this.#field(maxBytes).slice()
  }

  /**
   * How many elements follow. A count that the rest of the input cannot hold is refused before
   * anybody allocates for it.
   *
   * @param minElementBytes - the fewest bytes that one element can take, at least 1
   */
  count(minElementBytes: number): number {
    const value = this.varint()
    if (value > this.remaining / minElementBytes) {
      throw TransportError.malformed(`${value} elements do not fit into ${this.remaining} bytes`)
    }
    return value
  }

  /** Refuses bytes behind the last field. */
  end(): void {
    if (this.remaining === 0) return
    throw TransportError.malformed(`${this.remaining} bytes are left over`)
  }

  #field(maxBytes: number): Uint8Array {
    const length = this.varint()
    if (length > maxBytes) {
      throw TransportError.malformed(`A field of ${length} bytes is longer than ${maxBytes}`)
    }
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Where the next `size` bytes start; moves behind them. */
  #advance(size: number): number {
    const start = this.#offset
    if (size > this.#end - start) {
      throw TransportError.malformed(`${size} bytes were expected, ${this.#end - start} are left`)
    }
    this.#offset = start + size
    return start
  }
}
