// One direction of a connection: what the sender has written and the network has not taken, what is
// under way, and what the receiver has not read. The middle and last part together hold at most a
// window, as the socket buffers of two hosts do; the first grows, and says so.
import type { Clock } from '@casty/clock'
import type { MemoryLink } from './memory-link.ts'
import type { ChannelCloseReason } from './transport.ts'

/** The end that reads. */
export interface PipeReceiver {
  /** It takes bytes now: opened, not paused, its process running. */
  readonly isReading: boolean
  received(bytes: Uint8Array): void
  /** Nothing more comes. */
  ended(reason: ChannelCloseReason): void
}

interface Arrival {
  readonly dueAt: number
  /** Of the write, on its link. */
  readonly id: number
  readonly bytes: Uint8Array
}

/** Overwrites what was delivered, so that whoever kept it without a copy notices. */
const usedByte = 0xdb

export class MemoryPipe {
  readonly #clock: Clock
  readonly #windowBytes: number
  readonly #link: () => MemoryLink
  readonly #sender: { readonly isRunning: boolean }
  readonly #receiver: PipeReceiver
  readonly #drained: () => void
  readonly #outbox: Uint8Array[] = []
  /** By due time; of equal ones, the one sent first. */
  readonly #arrivals: Arrival[] = []
  #outboxBytes = 0
  #windowUsed = 0
  #lastDueAt = 0
  #timer: Disposable | undefined
  #isFirst = true
  #isStopped = false
  #needsDrain = false
  #end: ChannelCloseReason | undefined
  #delivering = false

  constructor(options: {
    readonly clock: Clock
    readonly windowBytes: number
    readonly link: () => MemoryLink
    readonly sender: { readonly isRunning: boolean }
    readonly receiver: PipeReceiver
    readonly drained: () => void
  }) {
    this.#sender = options.sender
    this.#clock = options.clock
    this.#windowBytes = options.windowBytes
    this.#link = options.link
    this.#receiver = options.receiver
    this.#drained = options.drained
  }

  get bufferedBytes(): number {
    return this.#outboxBytes
  }

  /** Copies: what is under way no longer belongs to the writer. */
  write(bytes: Uint8Array): boolean {
    if (this.#end !== undefined || this.#isStopped || bytes.length === 0) return true
    this.#outbox.push(bytes.slice())
    this.#outboxBytes += bytes.length
    this.pump()
    if (this.#outboxBytes === 0) return true
    this.#needsDrain = true
    return false
  }

  /** Sends what fits the window. Called when there is room, or the sender's process runs again. */
  pump(): void {
    for (let next = this.#outbox[0]; next !== undefined; next = this.#outbox[0]) {
      if (!this.#sender.isRunning || !this.#fits(next)) break
      this.#outbox.shift()
      this.#outboxBytes -= next.length
      this.#send(next)
    }
    if (this.#needsDrain && this.#outboxBytes === 0) {
      this.#needsDrain = false
      this.#drained()
    }
    this.#arm()
  }

  /** The receiver reads again. */
  deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    const now = this.#clock.now()
    let first = this.#arrivals[0]
    while (first !== undefined && first.dueAt <= now && this.#takes(first)) {
      this.#arrivals.shift()
      this.#windowUsed -= first.bytes.length
      if (this.#link().arrive(first.id, first.bytes)) {
        this.#receiver.received(first.bytes)
        first.bytes.fill(usedByte)
      }
      first = this.#arrivals[0]
    }
    this.#delivering = false
    this.pump()
  }

  /** Ends the stream behind what was written; without `graceful`, behind what was already sent. */
  end(reason: ChannelCloseReason, { graceful }: { readonly graceful: boolean }): void {
    if (!graceful) {
      this.#outbox.length = 0
      this.#outboxBytes = 0
    }
    this.#needsDrain = false
    if (this.#end === undefined || reason === 'reset') this.#end = reason
    this.pump()
  }

  /** Nobody reads any more: what is under way is let go. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.[Symbol.dispose]()
    for (const { id, bytes } of this.#arrivals) this.#link().lost(id, bytes)
    this.#outbox.length = this.#arrivals.length = this.#outboxBytes = 0
  }

  #takes({ bytes }: Arrival): boolean {
    return this.#receiver.isReading && this.#link().lets(bytes)
  }

  /** A write larger than the window goes alone. */
  #fits(bytes: Uint8Array): boolean {
    return this.#windowUsed === 0 || this.#windowUsed + bytes.length <= this.#windowBytes
  }

  #send(bytes: Uint8Array): void {
    const now = this.#clock.now()
    const passage = this.#link().pass(bytes, now, this.#isFirst)
    this.#isFirst = false
    if (passage.type === 'lost') return
    const floor = passage.overtaken ? 0 : this.#lastDueAt
    const dueAt = Math.max(now + passage.delayMs, floor)
    if (!passage.overtaken) this.#lastDueAt = dueAt
    this.#insert({ dueAt, id: passage.id, bytes })
    if (passage.copies === 2) this.#insert({ dueAt, id: passage.id, bytes: bytes.slice() })
  }

  #insert(arrival: Arrival): void {
    this.#windowUsed += arrival.bytes.length
    const later = this.#arrivals.findIndex((other) => other.dueAt > arrival.dueAt)
    this.#arrivals.splice(later < 0 ? this.#arrivals.length : later, 0, arrival)
  }

  #arm(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    if (this.#isStopped) return
    const now = this.#clock.now()
    const next = this.#arrivals[0]
    if (next !== undefined) {
      // What is due and not read waits for the receiver or the link, not for time.
      if (next.dueAt <= now && !this.#takes(next)) return
      this.#timer = this.#clock.schedule(next.dueAt - now, () => this.deliver())
    } else if (this.#end !== undefined && this.#outbox.length === 0) {
      const link = this.#link()
      const waitMs = Math.max(this.#lastDueAt, now + link.latencyMs) - now
      this.#timer = this.#clock.schedule(waitMs, () => this.#arriveAtEnd())
    }
  }

  #arriveAtEnd(): void {
    const reason = this.#end
    if (reason === undefined || this.#isStopped || this.#arrivals.length > 0) return
    // The word of an end does not cross a cut: the other side is half-open.
    const { cut } = this.#link()
    if (cut === 'silent' || cut === 'hold') return
    this.#isStopped = true
    this.#receiver.ended(reason)
  }
}
