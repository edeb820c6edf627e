import { CrdtError } from '../errors.ts'

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Bytes that nobody vouches for, being read. Whatever does not fit throws `CASTY_CRDT_MALFORMED` and nothing
 * else, having allocated no more than there are bytes.
 */
export class ByteSource {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw CrdtError.malformed('they end too early')
    this.#at++
    return byte
  }

  /** An integer from 0 to 2⁵³ − 1, in its only form. */
  varint(): number {
    let [value, scale] = [0, 1]
    for (let index = 0; index < 8; index++) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if ((byte === 0 && index > 0) || !Number.isSafeInteger(value)) break
        return value
      }
      scale *= 0x80
    }
    throw CrdtError.malformed('a number is above 2⁵³ − 1, or longer than it needs to be')
  }

  /** How many elements follow, of at least `minBytes` each: no more than the rest can hold. */
  count(minBytes: number): number {
    const count = this.varint()
    if (count <= this.remaining / minBytes) return count
    throw CrdtError.malformed(`${count} elements do not fit into ${this.remaining} bytes`)
  }

  text(): string {
    const length = this.count(1)
    const start = this.#at
    this.#at += length
    try {
      return textDecoder.decode(this.#bytes.subarray(start, this.#at))
    } catch (cause) {
      throw CrdtError.malformed('a text is no UTF-8', cause)
    }
  }
}
