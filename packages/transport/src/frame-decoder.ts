import { headerBytes, lengthBytes } from './wire.ts'

/** Takes one frame: `bytes[start, end)` is its body, valid during the call. */
export interface FrameSink {
  frame(frameType: number, bytes: Uint8Array, start: number, end: number): void
}

const smallestCarryBytes = 256

/**
 * Cuts a stream of bytes, however it was chunked, into frames. A frame that lies whole in one chunk
 * is handed out where it lies; only one that straddles chunks is copied, into a buffer that grows
 * with what has arrived and never beyond the announced length, which was checked first.
 */
export class FrameDecoder {
  /** Largest type plus body, in bytes; may change between frames. */
  maxFrameBytes: number
  readonly #sink: FrameSink
  #carry = new Uint8Array(0)
  #carried = 0
  #stopped = false
  #isHeld = false

  constructor(maxFrameBytes: number, sink: FrameSink) {
    this.maxFrameBytes = maxFrameBytes
    this.#sink = sink
  }

  /** Memory held for a frame that is not complete, in bytes. */
  get heldBytes(): number {
    return this.#carry.length
  }

  /** No further frame is handed out, also from within a chunk being decoded. */
  stop(): void {
    this.#stopped = true
    this.#carry = new Uint8Array(0)
    this.#carried = 0
  }

  /** No further frame is handed out until `goOn`; nothing may be pushed meanwhile. What is left of a chunk is kept. */
  hold(): void {
    this.#isHeld = true
  }

  /** Hands out what was kept. Returns as `push`. */
  goOn(): boolean {
    this.#isHeld = false
    const kept = this.#carry.subarray(0, this.#carried)
    this.#carry = new Uint8Array(0)
    this.#carried = 0
    return this.push(kept)
  }

  /** Returns false when the stream is malformed: a frame that is empty or too large. It then stops. */
  push(chunk: Uint8Array): boolean {
    let offset = this.#carried > 0 ? this.#complete(chunk) : 0
    const available = chunk.length
    while (!this.#stopped && !this.#isHeld && available - offset >= lengthBytes) {
      const size = lengthAt(chunk, offset)
      if (size === 0 || size > this.maxFrameBytes) return this.#malformed()
      const end = offset + lengthBytes + size
      if (end > available) break
      // Within the chunk: a frame has at least one byte behind its length.
      this.#sink.frame(chunk[offset + lengthBytes] as number, chunk, offset + headerBytes, end)
      offset = end
    }
    if (!this.#stopped && offset >= 0 && offset < available) this.#keep(chunk, offset, available)
    return offset >= 0
  }

  /** Completes the carried frame; returns where the next one starts, or −1 for a malformed one. */
  #complete(chunk: Uint8Array): number {
    let offset = this.#take(chunk, 0, lengthBytes)
    if (this.#carried < lengthBytes) return offset
    const size = lengthAt(this.#carry, 0)
    if (size === 0 || size > this.maxFrameBytes) {
      this.#malformed()
      return -1
    }
    const whole = lengthBytes + size
    offset = this.#take(chunk, offset, whole)
    if (this.#carried < whole) return offset
    const frame = this.#carry
    // Let go first: the sink may stop this decoder, or take long and hold a large buffer.
    this.#carried = 0
    this.#carry = new Uint8Array(0)
    // Complete: the type is there.
    this.#sink.frame(frame[lengthBytes] as number, frame, headerBytes, whole)
    return offset
  }

  /** Moves bytes into the carry until it holds `wanted`; returns how far the chunk was used. */
  #take(chunk: Uint8Array, offset: number, wanted: number): number {
    const missing = Math.min(wanted - this.#carried, chunk.length - offset)
    if (missing <= 0) return offset
    this.#reserve(this.#carried + missing, wanted)
    this.#carry.set(chunk.subarray(offset, offset + missing), this.#carried)
    this.#carried += missing
    return offset + missing
  }

  #keep(chunk: Uint8Array, offset: number, end: number): void {
    const rest = chunk.subarray(offset, end)
    const announced = rest.length < lengthBytes ? lengthBytes : lengthBytes + lengthAt(rest, 0)
    this.#reserve(rest.length, announced)
    this.#carry.set(rest, 0)
    this.#carried = rest.length
  }

  #reserve(needed: number, whole: number): void {
    if (needed <= this.#carry.length) return
    const capacity = Math.max(needed, Math.min(whole, Math.max(smallestCarryBytes, needed * 2)))
    const grown = new Uint8Array(capacity)
    grown.set(this.#carry.subarray(0, this.#carried))
    this.#carry = grown
  }

  #malformed(): false {
    this.stop()
    return false
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  // The caller has checked that four bytes are there.
  const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16)
  const low = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  return (high | low) >>> 0
}
