import type { ActorRef } from '@casty/actor'
import type { RemoteError } from '../errors.ts'
import type { RefCodec } from '../serializer.ts'
import { malformed } from './malformed-error.ts'
import { copied, TextCache } from './text-cache.ts'
import { decodeUtf8, longestShortText, readShortText } from './utf8.ts'

const nothing = new Uint8Array(0)
/** In bytes: longer texts, unless they are keys, seldom come again. */
const longestCachedText = 15

/**
 * The pieces of MessagePack, read from bytes that nobody vouches for: each is checked against the end before
 * it is touched or allocated for.
 */
export class MsgpackInput {
  readonly #texts = new TextCache()
  /** Apart, so that texts which differ each time do not come between names, which come in the same order. */
  readonly #keys = new TextCache()
  readonly #scratch = new Uint8Array(8)
  readonly #scratchView = new DataView(this.#scratch.buffer)
  #bytes: Uint8Array = nothing
  #at = 0
  #end = 0

  open(bytes: Uint8Array, start: number, end: number): void {
    if (start < 0 || end < start || end > bytes.length) throw missing(end - start)
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Lets go of the bytes. */
  close(): void {
    this.#bytes = nothing
    this.#at = 0
    this.#end = 0
  }

  /** Refuses bytes behind the message. */
  finish(): void {
    if (this.#at !== this.#end) throw malformed(`${this.#end - this.#at} bytes are left over`)
  }

  u8(): number {
    if (this.#at >= this.#end) throw missing(1)
    return this.#bytes[this.#at++] ?? 0
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8()
  }

  u32(): number {
    return this.u16() * 0x1_0000 + this.u16()
  }

  f32(): number {
    return this.#load(4).getFloat32(0)
  }

  f64(): number {
    return this.#load(8).getFloat64(0)
  }

  i64(): bigint {
    return this.#load(8).getBigInt64(0)
  }

  u64(): bigint {
    return this.#load(8).getBigUint64(0)
  }

  text(length: number): string {
    const from = this.#take(length)
    if (length === 0) return ''
    if (length <= longestCachedText) return this.#texts.text(this.#bytes, from, length)
    if (length <= longestShortText) return readShortText(this.#bytes, from, length)
    return decodeUtf8(this.#bytes, from, length)
  }

  /** The name that followed last time, where it is there again: most are, in messages alike. */
  expectedKey(): string | undefined {
    const expected = this.#keys.expected
    if (expected === undefined) return undefined
    const { head, bytes, text } = expected
    const { length } = bytes
    const from = this.#at
    if (length >= this.#end - from || this.#bytes[from] !== head) return undefined
    for (let index = 0; index < length; index++) {
      if (bytes[index] !== this.#bytes[from + 1 + index]) return undefined
    }
    this.#at = from + 1 + length
    this.#keys.took(expected)
    return text
  }

  key(length: number): string {
    const from = this.#take(length)
    if (length === 0) return ''
    if (length <= longestShortText) return this.#keys.text(this.#bytes, from, length)
    return decodeUtf8(this.#bytes, from, length)
  }

  /** A copy. */
  bytes(length: number): Uint8Array {
    return copied(this.#bytes, this.#take(length), length)
  }

  ref(length: number, refs: RefCodec): ActorRef<never> {
    const from = this.#take(length)
    return refs.fromBytes(this.#bytes, from, from + length)
  }

  /** No copy: good until the bytes that are read are used again. */
  view(length: number): Uint8Array {
    const from = this.#take(length)
    return this.#bytes.subarray(from, from + length)
  }

  /** Refuses a count of elements that what is left cannot hold. */
  checkCount(count: number, minElementBytes: number): void {
    const left = this.#end - this.#at
    if (count * minElementBytes > left) {
      throw malformed(`${count} elements do not fit into ${left} bytes`)
    }
  }

  /** The next `length` bytes become all there is, until they are left again. Answers what `leave` takes. */
  enter(length: number): number {
    const outerEnd = this.#end
    this.#end = this.#take(length) + length
    this.#at = this.#end - length
    return outerEnd
  }

  leave(outerEnd: number): void {
    this.finish()
    this.#end = outerEnd
  }

  #load(size: number): DataView {
    const from = this.#take(size)
    for (let index = 0; index < size; index++) {
      this.#scratch[index] = this.#bytes[from + index] ?? 0
    }
    return this.#scratchView
  }

  /** Where the next `length` bytes start; moves behind them. */
  #take(length: number): number {
    const from = this.#at
    if (length > this.#end - from) throw missing(length)
    this.#at = from + length
    return from
  }
}

function missing(length: number): RemoteError {
  return malformed(`it ends before the next ${length} bytes`)
}
