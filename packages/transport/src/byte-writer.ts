import { TransportError } from './errors.ts'
import { writeFloat } from './float-bytes.ts'

/** Up to here a loop takes less than an array for what is copied. */
const shortBytes = 64

const textEncoder = new TextEncoder()

/**
 * Writes the fields of a fixed binary codec into a buffer that grows by doubling. Integers are
 * big-endian; `varint` takes seven bits a byte, low bits first. `ByteReader` reads the same fields
 * back in the same order.
 *
 * A value that does not fit its field is a bug or an oversized input of the caller: fields with a
 * length throw `CASTY_TRANSPORT_FRAME_TOO_LARGE`, numbers `CASTY_TRANSPORT_INVALID_OPTION`.
 *
 * @example
 * const bytes = new ByteWriter().varint(300).string('up', 16).finish()
 */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  /** @param initialBytes - up to 64 lie where objects do: an array with memory of its own takes ten times as long to make */
  constructor(initialBytes = 64) {
    this.#bytes = new Uint8Array(initialBytes)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    checkRange('u8', value, 0xff)
    this.#reserve(1)
    this.#bytes[this.#length++] = value
    return this
  }

  u16(value: number): this {
    checkRange('u16', value, 0xffff)
    this.#reserve(2)
    this.#bytes[this.#length++] = value >>> 8
    this.#bytes[this.#length++] = value
    return this
  }

  u32(value: number): this {
    checkRange('u32', value, 0xffff_ffff)
    this.#reserve(4)
    this.#bytes[this.#length++] = value >>> 24
    this.#bytes[this.#length++] = value >>> 16
    this.#bytes[this.#length++] = value >>> 8
    this.#bytes[this.#length++] = value
    return this
  }

  /** An integer from 0 to 2⁵³ − 1 in one to eight bytes: small numbers are short. */
  varint(value: number): this {
    checkRange('varint', value, Number.MAX_SAFE_INTEGER)
    this.#reserve(8)
    // Times and epochs are wider than 32 bits: as two numbers that are not, they are quicker to take apart.
    const high = Math.floor(value / 0x1000_0000)
    const low = value & 0xfff_ffff
    if (high === 0) return this.#bits(low)
    for (let shift = 0; shift < 28; shift += 7) {
      this.#bytes[this.#length++] = (low >>> shift) | 0x80
    }
    return this.#bits(high)
  }

  /** Of at most 28 bits. */
  #bits(value: number): this {
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#length++] = rest | 0x80
    this.#bytes[this.#length++] = rest
    return this
  }

  f64(value: number): this {
    this.#reserve(8)
    writeFloat(this.#bytes, this.#length, value)
    this.#length += 8
    return this
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0)
  }

  /** UTF-8 behind its length; lone surrogates become U+FFFD, for UTF-8 cannot hold them. */
  string(text: string, maxBytes: number): this {
    return isAscii(text)
      ? this.#ascii(text, maxBytes)
      : this.bytes(textEncoder.encode(text), maxBytes)
  }

  /** Names and addresses, of which some messages have thousands: without an array for each. */
  #ascii(text: string, maxBytes: number): this {
    if (text.length > maxBytes) {
      throw TransportError.frameTooLarge('A field', text.length, maxBytes)
    }
    this.varint(text.length)
    this.#reserve(text.length)
    for (let index = 0; index < text.length; index++) {
      this.#bytes[this.#length++] = text.charCodeAt(index)
    }
    return this
  }

  /** Bytes behind their length. */
  bytes(value: Uint8Array, maxBytes: number): this {
    if (value.length > maxBytes) {
      throw TransportError.frameTooLarge('A field', value.length, maxBytes)
    }
    this.varint(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
    return this
  }

  /** How many elements follow. The reader checks it against what is left: see `ByteReader.count`. */
  count(value: number): this {
    return this.varint(value)
  }

  /** A copy of what was written; the writer can be reset and used again. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** What was written, without a copy: valid until the next write or reset. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Copies what was written to where there is room for it, without an array in between where it is short. */
  copyTo(target: Uint8Array, at: number): void {
    const length = this.#length
    if (length > shortBytes) target.set(this.view(), at)
    else for (let index = 0; index < length; index++) target[at + index] = this.#bytes[index] ?? 0
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): this {
    this.#length = 0
    return this
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

function checkRange(field: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return
  throw TransportError.invalidOption(`A ${field} field`, value, `an integer from 0 to ${max}`)
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}
