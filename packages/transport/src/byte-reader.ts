import { TransportError } from './errors.ts'
import { readFloat } from './float-bytes.ts'

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What is left of 2⁵³ − 1 above its lower 28 bits. */
const highestHigh = 0x1ff_ffff

/** Up to here the decoder takes longer to be called than a loop takes. */
const shortTextBytes = 32

/** One list of each length, used again and again: making one takes longer than the rest. */
const letterLists: readonly number[][] = Array.from({ length: shortTextBytes + 1 }, (_, length) =>
  Array.from({ length }, () => 0),
)

/** Undefined where some of it is not ASCII. */
function shortAscii(bytes: Uint8Array, start: number, length: number): string | undefined {
  const letters = letterLists[length] ?? []
  let all = 0
  for (let index = 0; index < length; index++) {
    const letter = bytes[start + index] ?? 0
    all |= letter
    letters[index] = letter
  }
  if (all >= 0x80) return undefined
  // oxlint-disable-next-line unicorn/prefer-spread -- A call with a list that is there copies nothing.
  return String.fromCharCode.apply(undefined, letters)
}

/** Texts that were read before, found by their bytes. */
export interface KnownTexts {
  /** @returns what the UTF-8 in `bytes[start, start + length)` says; undefined where that is not known */
  find(bytes: Uint8Array, start: number, length: number): string | undefined
}

/**
 * Reads the fields that `ByteWriter` wrote, out of bytes that nobody vouches for. Every read is
 * checked against the end first; whatever does not fit throws `CASTY_TRANSPORT_MALFORMED` and
 * nothing else, having allocated no more than the input holds.
 */
export class ByteReader {
  #bytes: Uint8Array
  #end: number
  #offset: number

  /** Reads `bytes[start, end)`, and nothing outside of it. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#offset = start
    this.#end = Math.min(end, bytes.length)
  }

  /** The same reader for other bytes: where there are many frames, making one for each takes as long as to read them. */
  open(bytes: Uint8Array, start: number, end: number): this {
    this.#bytes = bytes
    this.#offset = start
    this.#end = Math.min(end, bytes.length)
    return this
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#offset
  }

  u8(): number {
    return this.#byteAt(this.#advance(1))
  }

  u16(): number {
    const start = this.#advance(2)
    return this.#byteAt(start) * 0x100 + this.#byteAt(start + 1)
  }

  u32(): number {
    const start = this.#advance(4)
    const high = this.#byteAt(start) * 0x100 + this.#byteAt(start + 1)
    return high * 0x1_0000 + this.#byteAt(start + 2) * 0x100 + this.#byteAt(start + 3)
  }

  /** An integer from 0 to 2⁵³ − 1. Longer encodings than needed are refused: one value, one form. */
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

  f64(): number {
    return readFloat(this.#bytes, this.#advance(8))
  }

  bool(): boolean {
    const byte = this.u8()
    if (byte > 1) throw TransportError.malformed(`A truth value reads ${byte}`)
    return byte === 1
  }

  /**
   * UTF-8 of at most `maxBytes`, checked: malformed text is refused, not repaired.
   *
   * @param known - asked first, for texts that come again and again
   */
  string(maxBytes: number, known?: KnownTexts): string {
    const length = this.#lengthOfField(maxBytes)
    const start = this.#advance(length)
    const found = known?.find(this.#bytes, start, length)
    if (found !== undefined) return found
    const short = length <= shortTextBytes ? shortAscii(this.#bytes, start, length) : undefined
    if (short !== undefined) return short
    try {
      return textDecoder.decode(this.#bytes.subarray(start, start + length))
    } catch (cause) {
      throw TransportError.malformed('A text is no UTF-8', cause)
    }
  }

  /** A copy of at most `maxBytes`: it outlives the buffer that was read. */
  bytes(maxBytes: number): Uint8Array {
    const length = this.#lengthOfField(maxBytes)
    const start = this.#advance(length)
    return this.#bytes.slice(start, start + length)
  }

  /** The same without a copy: it changes with the buffer that was read, and keeps all of that from being let go. */
  view(maxBytes: number): Uint8Array {
    const length = this.#lengthOfField(maxBytes)
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
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

  #lengthOfField(maxBytes: number): number {
    const length = this.varint()
    if (length <= maxBytes) return length
    throw TransportError.malformed(`A field of ${length} bytes is longer than ${maxBytes}`)
  }

  /** Of a place that was looked at before: it is inside. */
  #byteAt(index: number): number {
    return this.#bytes[index] ?? 0
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

function badVarint(): TransportError {
  return TransportError.malformed('A number is above 2⁵³ − 1, or longer than it needs to be')
}
