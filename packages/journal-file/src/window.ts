import type { Segment } from './segment.ts'

const leastBytes = 4 * 1024
const nothing: Buffer = Buffer.alloc(0)

/**
 * The part of the log that a reader has in memory. It reads ahead: little for one who jumps about, more and
 * more for one who goes straight on.
 */
export class Window {
  readonly #mostBytes: number
  #segment: Segment | undefined
  #from = 0
  #bytes: Buffer = nothing
  /** Used again and again: those who read copy what they keep. */
  #memory: Buffer = nothing
  #aheadBytes = leastBytes

  constructor(mostBytes: number = 256 * 1024) {
    this.#mostBytes = mostBytes
  }

  /** Some bytes, if they are in memory. Valid until the next `load`. */
  peek(segment: Segment, at: number, length: number): Buffer | undefined {
    const offset = at - this.#from
    if (segment !== this.#segment || offset < 0) return undefined
    if (offset + length > this.#bytes.length) return undefined
    return this.#bytes.subarray(offset, offset + length)
  }

  /** Some bytes: fewer at the end of what is written. What is there behind it may change, and is not kept. */
  async load(segment: Segment, at: number, length: number): Promise<Buffer> {
    const found = this.peek(segment, at, length)
    if (found) return found
    const skipped = at - (this.#from + this.#bytes.length)
    const goesOn = segment === this.#segment && at >= this.#from && skipped <= this.#aheadBytes
    this.#aheadBytes = goesOn ? Math.min(this.#mostBytes, this.#aheadBytes * 2) : leastBytes
    const size = Math.min(Math.max(length, this.#aheadBytes), segment.sizeBytes - at)
    if (this.#memory.length < size) this.#memory = Buffer.allocUnsafeSlow(size)
    this.#bytes = nothing // Also where reading fails.
    const read = await segment.read(this.#memory.subarray(0, size), at)
    this.#segment = segment
    this.#from = at
    this.#bytes = this.#memory.subarray(0, read)
    return this.#bytes.subarray(0, length)
  }
}
