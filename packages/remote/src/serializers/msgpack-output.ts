import { frontRoomBytes, type Written } from '../written.ts'
import { extension, isForbiddenKey } from './msgpack-format.ts'
import { writeUtf8 } from './utf8.ts'
import { bigintData, utf16Data } from './msgpack-scalars.ts'
import { bytesRefusal, keyRefusal } from './refusal.ts'
import { WrittenKeys } from './written-keys.ts'

const textEncoder = new TextEncoder()
/** Text up to this length is written letter by letter, which is faster than the call of an encoder. */
const shortText = 64
/** Text up to this length is encoded in place, with room for three bytes a letter. */
const mediumText = 4_096
const shortMessage = 256
const initialBytes = frontRoomBytes + 4_096
/** A buffer that had to grow beyond this is given up after the message. */
const keptBytes = 1_048_576
/** Pieces ask for more room than they use in the end, at most by this. */
const spareBytes = 3 * mediumText

const loneSurrogate = /\p{Surrogate}/u

/**
 * Where a message is written: the pieces of MessagePack, into one buffer that is used again and again, behind room
 * for a header.
 */
export class MsgpackOutput implements Written {
  readonly start: number = frontRoomBytes
  readonly #maxBytes: number
  readonly #keys = new WrittenKeys()
  #bytes: Uint8Array
  #view: DataView
  /** Where the next piece begins. */
  #length = frontRoomBytes
  /** What short messages are answered as, by their length: making one takes longer than to write them. */
  #views: (Uint8Array | undefined)[] = []

  /** @param maxBytes - of one message; more is refused before it is allocated */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#bytes = new Uint8Array(Math.min(initialBytes, frontRoomBytes + maxBytes))
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Forgets the message before. */
  reset(): void {
    this.#length = frontRoomBytes
    if (this.#bytes.length > keptBytes) this.#use(new Uint8Array(initialBytes))
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  get end(): number {
    return this.#length
  }

  /** Refuses what has become too long. */
  finish(): void {
    if (this.#length > frontRoomBytes + this.#maxBytes) throw bytesRefusal(this.#maxBytes)
  }

  /** What was written, without a copy: good until the next message. */
  written(): Uint8Array {
    const end = this.#length
    const size = end - frontRoomBytes
    if (size >= shortMessage) return this.#bytes.subarray(frontRoomBytes, end)
    return (this.#views[size] ??= this.#bytes.subarray(frontRoomBytes, end))
  }

  /** Any single byte that stands for itself: nil, false, true. */
  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  undefined(): void {
    this.#reserve(3)
    this.#bytes[this.#length++] = 0xd4
    this.#bytes[this.#length++] = extension.undefined
    this.#bytes[this.#length++] = 0
  }

  number(value: number): void {
    this.#reserve(9)
    // Bitwise or makes a whole number of 32 bits of anything; −0 becomes 0, and is told apart below.
    if ((value | 0) !== value) return this.#wideNumber(value)
    if (value > 0 ? value < 0x80 : value >= -32 && !Object.is(value, -0)) {
      this.#bytes[this.#length++] = value // A negative one becomes 0xe0 to 0xff, which is its format.
    } else if (value > 0) this.#positive(value)
    else this.#negative(value)
  }

  #positive(value: number): void {
    if (value < 0x100) {
      this.#bytes[this.#length++] = 0xcc
      this.#bytes[this.#length++] = value
    } else if (value < 0x1_0000) this.#u16(0xcd, value)
    else this.#u32(0xce, value)
  }

  #negative(value: number): void {
    if (Object.is(value, -0)) return this.#float(value)
    if (value >= -0x80) {
      this.#bytes[this.#length++] = 0xd0
      this.#bytes[this.#length++] = value
    } else if (value >= -0x8000) this.#u16(0xd1, value)
    else this.#u32(0xd2, value)
  }

  #wideNumber(value: number): void {
    if (value > 0 && value <= 0xffff_ffff && Number.isInteger(value)) this.#u32(0xce, value)
    else this.#float(value)
  }

  #float(value: number): void {
    this.#bytes[this.#length] = 0xcb
    this.#view.setFloat64(this.#length + 1, value)
    this.#length += 9
  }

  bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.byte(0xd3)
      this.#reserve(8)
      this.#view.setBigInt64(this.#length, value)
      this.#length += 8
    } else if (BigInt.asUintN(64, value) === value) {
      this.byte(0xcf)
      this.#reserve(8)
      this.#view.setBigUint64(this.#length, value)
      this.#length += 8
    } else this.extension(extension.bigint, bigintData(value))
  }

  text(text: string): void {
    if (this.#shortText(text)) return
    if (loneSurrogate.test(text)) this.extension(extension.utf16, utf16Data(text))
    else this.#longText(text)
  }

  /** Text as the key of a property, which has to be UTF-8. */
  key(key: string): void {
    const known = this.#keys.find(key)
    if (known !== undefined) this.#knownKey(known.bytes)
    else this.#otherKey(key)
  }

  #knownKey(known: Uint8Array): void {
    const { length } = known
    this.#reserve(length)
    const bytes = this.#bytes
    const start = this.#length
    for (let index = 0; index < length; index++) bytes[start + index] = known[index] ?? 0
    this.#length = start + length
  }

  #otherKey(key: string): void {
    if (isForbiddenKey(key)) throw keyRefusal(key)
    if (this.#shortText(key)) return
    if (loneSurrogate.test(key)) throw keyRefusal(JSON.stringify(key))
    this.#longText(key)
  }

  /** Writes text that is short; says so when it is not, or cannot be UTF-8. */
  #shortText(text: string): boolean {
    const length = text.length
    if (length > shortText) return false
    this.#reserve(length * 3 + 2)
    const bytes = this.#bytes
    const start = this.#length + (length < 32 ? 1 : 2)
    let letters = 0
    for (let index = 0; index < length; index++) {
      const letter = text.charCodeAt(index)
      letters |= letter
      bytes[start + index] = letter
    }
    if (letters >= 0x80) return this.#shortUtf8(text)
    if (length < 32) bytes[this.#length] = 0xa0 | length
    else {
      bytes[this.#length] = 0xd9
      bytes[this.#length + 1] = length
    }
    this.#length = start + length
    return true
  }

  /** For a few letters the call of an encoder takes longer than they do. */
  #shortUtf8(text: string): boolean {
    const worst = text.length * 3
    const start = this.#length + (worst < 32 ? 1 : 2)
    const end = writeUtf8(text, this.#bytes, start)
    if (end < 0) return false
    this.#textHead(end - start, worst)
    this.#length = end
    return true
  }

  #longText(text: string): void {
    if (text.length > mediumText) {
      const encoded = textEncoder.encode(text)
      this.#textHead(encoded.length, encoded.length)
      this.#copy(encoded)
      return
    }
    const worst = text.length * 3
    this.#reserve(worst + 3)
    // The length is known last, so its field is as long as the longest would need.
    const start = this.#length + (worst < 0x100 ? 2 : 3)
    const { written } = textEncoder.encodeInto(text, this.#bytes.subarray(start))
    this.#textHead(written, worst)
    this.#length = start + written
  }

  /** @param widest - what the field of the length must be able to hold */
  #textHead(length: number, widest: number): void {
    this.#reserve(5)
    if (widest < 32) this.#bytes[this.#length++] = 0xa0 | length
    else this.#sized(0xd9, length, widest)
  }

  binary(value: Uint8Array): void {
    this.#reserve(5)
    this.#sized(0xc4, value.length, value.length)
    this.#copy(value)
  }

  array(count: number): void {
    this.#reserve(5)
    if (count < 16) this.#bytes[this.#length++] = 0x90 | count
    else if (count < 0x1_0000) this.#u16(0xdc, count)
    else this.#u32(0xdd, count)
  }

  map(count: number): void {
    this.#reserve(5)
    if (count < 16) this.#bytes[this.#length++] = 0x80 | count
    else if (count < 0x1_0000) this.#u16(0xde, count)
    else this.#u32(0xdf, count)
  }

  extension(type: number, data: Uint8Array): void {
    this.#reserve(6)
    this.#sized(0xc7, data.length, data.length)
    this.#bytes[this.#length++] = type
    this.#copy(data)
  }

  /** An extension whose data is written next, and closed with what this answers. */
  openExtension(type: number): number {
    this.#reserve(6)
    const opened = this.#length
    this.#bytes[opened] = 0xc9
    this.#bytes[opened + 5] = type
    this.#length = opened + 6
    return opened
  }

  closeExtension(opened: number): void {
    this.#view.setUint32(opened + 1, this.#length - opened - 6)
  }

  timestamp(timeMs: number): void {
    const seconds = Math.floor(timeMs / 1_000)
    this.#reserve(15)
    this.#bytes[this.#length++] = 0xc7
    this.#bytes[this.#length++] = 12
    this.#bytes[this.#length++] = extension.timestamp
    this.#view.setUint32(this.#length, (timeMs - seconds * 1_000) * 1_000_000)
    this.#view.setBigInt64(this.#length + 4, BigInt(seconds))
    this.#length += 12
  }

  /** Text, bytes and extensions have a length of 8, 16 or 32 bits, by three codes in a row. */
  #sized(code: number, length: number, widest: number): void {
    if (widest < 0x100) {
      this.#bytes[this.#length++] = code
      this.#bytes[this.#length++] = length
    } else if (widest < 0x1_0000) this.#u16(code + 1, length)
    else this.#u32(code + 2, length)
  }

  #u16(code: number, value: number): void {
    this.#bytes[this.#length++] = code
    this.#bytes[this.#length++] = value >> 8
    this.#bytes[this.#length++] = value
  }

  /** Two's complement, if it is negative. */
  #u32(code: number, value: number): void {
    this.#bytes[this.#length] = code
    this.#view.setUint32(this.#length + 1, value)
    this.#length += 5
  }

  #copy(data: Uint8Array): void {
    const { length } = data
    this.#reserve(length)
    if (length > shortText) this.#bytes.set(data, this.#length)
    else {
      for (let index = 0; index < length; index++) {
        this.#bytes[this.#length + index] = data[index] ?? 0
      }
    }
    this.#length += length
  }

  #reserve(more: number): void {
    if (this.#length + more > this.#bytes.length) this.#grow(this.#length + more)
  }

  #grow(needed: number): void {
    const most = frontRoomBytes + this.#maxBytes + spareBytes
    if (needed > most) throw bytesRefusal(this.#maxBytes)
    const grown = new Uint8Array(Math.min(Math.max(needed, this.#bytes.length * 2), most))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#use(grown)
  }

  #use(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#views = []
    this.#view = new DataView(bytes.buffer)
  }
}
