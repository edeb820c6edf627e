import { headerBytes, lengthBytes } from './wire.ts'

const smallestSlabBytes = 1_024
const largestSlabBytes = 65_536
/** Below this a loop copies faster than `set`, which first needs a view of the source. */
const loopCopyBytes = 48

/**
 * Frames waiting for one peer and lane, already as the bytes of the wire, so that a turn's worth of
 * them leaves in one write. Batches are cut from a slab: what was taken is never touched again, and
 * the next batch goes on behind it. A slab's size follows the last batch's, so that thousands of
 * quiet peers cost little.
 */
export class FrameBatch {
  #slab = new Uint8Array(0)
  #start = 0
  #end = 0
  #frames = 0
  #lastTakenBytes = 0

  /** Bytes waiting, headers included. */
  get size(): number {
    return this.#end - this.#start
  }

  /** Frames waiting. */
  get frames(): number {
    return this.#frames
  }

  /** Adds one frame with the body `bytes[start, end)`, which is copied. */
  append(frameType: number, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (this.#end + headerBytes + length > this.#slab.length) this.#grow(headerBytes + length)
    const slab = this.#slab
    const at = this.#end
    const size = length + 1
    slab[at] = size >>> 24
    slab[at + 1] = size >>> 16
    slab[at + 2] = size >>> 8
    slab[at + 3] = size
    slab[at + lengthBytes] = frameType
    copy(bytes, start, end, slab, at + headerBytes)
    this.#end = at + headerBytes + length
    this.#frames++
  }

  /** What is waiting, as one run of bytes that belongs to the caller; the batch is empty then. */
  take(): Uint8Array {
    const taken = this.#slab.subarray(this.#start, this.#end)
    this.#frames = 0
    this.#lastTakenBytes = taken.length
    // An oversized slab goes with its batch: a backlog of megabytes is not kept for later.
    if (this.#slab.length > largestSlabBytes) this.#slab = new Uint8Array(0)
    this.#start = this.#end = Math.min(this.#end, this.#slab.length)
    return taken
  }

  /** Drops what is waiting. */
  clear(): void {
    this.#frames = 0
    this.#slab = new Uint8Array(0)
    this.#start = this.#end = 0
  }

  #grow(more: number): void {
    const waiting = this.size
    const needed = waiting + more
    const batchBytes = Math.max(this.#lastTakenBytes, needed)
    const wanted = Math.min(Math.max(smallestSlabBytes, batchBytes * 4), largestSlabBytes)
    const slab = new Uint8Array(needed > wanted ? needed * 2 : wanted)
    slab.set(this.#slab.subarray(this.#start, this.#end))
    this.#slab = slab
    this.#start = 0
    this.#end = waiting
  }
}

function copy(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): void {
  if (end - start > loopCopyBytes) {
    const whole = start === 0 && end === source.length
    target.set(whole ? source : source.subarray(start, end), targetStart)
    return
  }
  // Both ranges lie within their arrays: `append` reserved the target, `send` checked the source.
  for (let at = start, to = targetStart; at < end; at++, to++) target[to] = source[at] as number
}
