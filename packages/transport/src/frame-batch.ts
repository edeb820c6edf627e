import { newSlab, SlabPool, type Slab } from './slab-pool.ts'
import { headerBytes, lengthBytes, maxJoinedBytes } from './wire.ts'

const noSlab = newSlab(0)
/** No frame has that type. */
const noType = 0

/**
 * Frames waiting for one peer and lane, already as the bytes of the wire, so that a turn's worth of
 * them leaves in one write. Batches are cut from a slab: what was taken is not touched until it is
 * given back, and the next batch goes on behind it.
 */
export class FrameBatch {
  readonly #slabs: SlabPool
  #slab: Slab = noSlab
  #start = 0
  #end = 0
  #frames = 0
  #parts = 0
  /** Where the last frame begins, and its type, where parts may go on behind it. */
  #lastAt = 0
  #lastType = noType

  constructor(slabs: SlabPool = new SlabPool()) {
    this.#slabs = slabs
  }

  /** Bytes waiting, headers included. */
  get size(): number {
    return this.#end - this.#start
  }

  /** Frames waiting. */
  get frames(): number {
    return this.#frames
  }

  /** What was added: frames, and parts of frames. */
  get parts(): number {
    return this.#parts
  }

  /** Adds one frame with the body `bytes[start, end)`, which is copied. */
  append(frameType: number, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (this.#end + headerBytes + length > this.#slab.bytes.length) this.#grow(headerBytes + length)
    const slab = this.#slab
    const at = this.#end
    slab.view.setUint32(at, length + 1)
    slab.bytes[at + lengthBytes] = frameType
    this.#slabs.copies.copy(bytes, start, end, slab, at + headerBytes)
    this.#end = at + headerBytes + length
    this.#frames++
    this.#parts++
    this.#lastType = noType
  }

  /**
   * Adds `bytes[part, end)` to the frame before, where that was added here as well, has the same type and room for it;
   * else a frame of its own with the body `bytes[start, end)`. Either is copied.
   */
  join(frameType: number, bytes: Uint8Array, start: number, part: number, end: number): void {
    const length = end - part
    if (
      frameType !== this.#lastType ||
      this.#end - this.#lastAt - headerBytes + length > maxJoinedBytes
    ) {
      this.append(frameType, bytes, start, end)
      this.#lastAt = this.#end - (end - start) - headerBytes
      this.#lastType = frameType
      return
    }
    if (this.#end + length > this.#slab.bytes.length) this.#grow(length)
    const slab = this.#slab
    this.#slabs.copies.copy(bytes, part, end, slab, this.#end)
    this.#end += length
    slab.view.setUint32(this.#lastAt, this.#end - this.#lastAt - lengthBytes)
    this.#parts++
  }

  /** What is waiting, as one run of bytes, the caller's until given back; the batch is empty then. */
  take(): Uint8Array {
    const taken = this.#slab.bytes.subarray(this.#start, this.#end)
    this.#frames = this.#parts = 0
    this.#lastType = noType
    this.#start = this.#end
    return taken
  }

  /** Nobody reads any more what was taken so far: its room may be used again. */
  giveBack(): void {
    if (this.#frames > 0) return
    this.#slabs.release(this.#slab)
    this.clear()
  }

  /** Whoever took something may read it for as long as it likes: what waits moves elsewhere. */
  letGo(): void {
    if (this.#frames > 0) this.#grow(0)
    else this.clear()
  }

  /** Drops what is waiting. */
  clear(): void {
    this.#slab = noSlab
    this.#frames = this.#parts = this.#start = this.#end = 0
    this.#lastType = noType
  }

  #grow(more: number): void {
    const waiting = this.size
    // Twice as much, so that a backlog is copied a bounded number of times.
    const slab = this.#slabs.acquire(Math.max(waiting + more, waiting * 2))
    if (waiting > 0) slab.bytes.set(this.#slab.bytes.subarray(this.#start, this.#end))
    // From another one something was taken, which the network may still read.
    if (this.#start === 0) this.#slabs.release(this.#slab)
    this.#slab = slab
    this.#lastAt -= this.#start
    this.#start = 0
    this.#end = waiting
  }
}
