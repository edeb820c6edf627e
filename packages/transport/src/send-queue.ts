import type { Tally } from './counters.ts'
import { FrameBatch } from './frame-batch.ts'
import type { SlabPool } from './slab-pool.ts'
import type { Channel } from './transport.ts'
import { headerBytes } from './wire.ts'

export interface SendQueueLimits {
  readonly maxFrameBytes: number
  readonly maxQueueBytes: number
  readonly highWaterBytes: number
}

/**
 * Frames on their way to one peer on one lane: those not handed to the network yet, and the bytes of
 * those that the network has been handed and not taken.
 */
export class SendQueue {
  // One by one: they are looked at for every frame.
  readonly #maxFrameBytes: number
  readonly #maxQueueBytes: number
  readonly #highWaterBytes: number
  readonly #tally: Tally
  readonly #batch: FrameBatch
  #blockedBytes = 0
  #blocked = false
  #wasBusy = false

  constructor(limits: SendQueueLimits, tally: Tally, slabs: SlabPool) {
    this.#batch = new FrameBatch(slabs)
    this.#maxFrameBytes = limits.maxFrameBytes
    this.#maxQueueBytes = limits.maxQueueBytes
    this.#highWaterBytes = limits.highWaterBytes
    this.#tally = tally
  }

  get bytes(): number {
    return this.#batch.size + this.#blockedBytes
  }

  /** Bytes not handed to the network yet. */
  get waitingBytes(): number {
    return this.#batch.size
  }

  get frames(): number {
    return this.#batch.frames
  }

  /** Frames that were not handed to the network yet, and parts of frames. */
  get parts(): number {
    return this.#batch.parts
  }

  /** The network takes no more for now: `drained` says when. */
  get isBlocked(): boolean {
    return this.#blocked
  }

  offer(
    frameType: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): 'sent' | 'busy' | 'frame-too-large' | 'queue-full' {
    const total = this.#totalWith(end - start)
    if (end - start >= this.#maxFrameBytes) return 'frame-too-large'
    if (total > this.#maxQueueBytes) return 'queue-full'
    this.#batch.append(frameType, bytes, start, end)
    return this.#taken(total)
  }

  /** The same for a part of a frame: see `FrameBatch.join`. It counts as if it were one. */
  offerPart(
    frameType: number,
    bytes: Uint8Array,
    start: number,
    part: number,
    end: number,
  ): 'sent' | 'busy' | 'frame-too-large' | 'queue-full' {
    const total = this.#totalWith(end - start)
    if (end - start >= this.#maxFrameBytes) return 'frame-too-large'
    if (total > this.#maxQueueBytes) return 'queue-full'
    this.#batch.join(frameType, bytes, start, part, end)
    return this.#taken(total)
  }

  #totalWith(bodyBytes: number): number {
    return this.#batch.size + this.#blockedBytes + headerBytes + bodyBytes
  }

  #taken(total: number): 'sent' | 'busy' {
    if (total <= this.#highWaterBytes) return 'sent'
    this.#wasBusy = true
    return 'busy'
  }

  /** Hands everything over, in one write; returns how many bytes that were. */
  flush(channel: Channel): number {
    const byteLength = this.#batch.size
    if (byteLength === 0) return 0
    this.#tally.framesSent += this.#batch.frames
    this.#tally.bytesSent += byteLength
    const taken = channel.write(this.#batch.take())
    // As a rule the system has copied everything by now: see `Channel.write`.
    if (channel.bufferedBytes === 0) this.#batch.giveBack()
    if (!taken) {
      this.#blocked = true
      this.#blockedBytes = channel.bufferedBytes
    }
    return byteLength
  }

  /** The network has taken what it was handed. */
  unblock(): void {
    this.#blocked = false
    this.#blockedBytes = 0
  }

  /** The connection is over, and may yet be writing out what it was handed. What waits stays. */
  disconnected(): void {
    this.#batch.letGo()
    this.unblock()
  }

  /** True once after `busy`, when there is room again. */
  takeRelief(): boolean {
    if (!this.#wasBusy || this.bytes >= this.#highWaterBytes) return false
    this.#wasBusy = false
    return true
  }

  /** Drops what was not handed over; returns how many frames, and parts of frames, that were. */
  drop(): number {
    const { parts } = this.#batch
    this.#batch.clear()
    this.unblock()
    this.#wasBusy = false
    return parts
  }
}
