import type { Random } from '@casty/clock'

/**
 * How a link is cut: its bytes vanish without a trace, they wait and come when it is mended (as TCP
 * sends again what a short cut swallowed), or its connections are torn down.
 */
export type CutMode = 'silent' | 'hold' | 'reset'

/** What one direction between two nodes has carried since the network was made. */
export interface LinkStatistics {
  readonly from: string
  readonly to: string
  readonly writtenBytes: number
  readonly deliveredBytes: number
  /** Writes, each with whole frames. */
  readonly written: number
  readonly delivered: number
  /** Lost to a cut or to `drop`. */
  readonly dropped: number
  /** Times that a write was sent again after a loss. */
  readonly retransmitted: number
  readonly duplicated: number
  readonly reordered: number
}

export interface DelayFault {
  readonly latencyMs: number
  /** Added to each write's latency, uniform between 0 and this; order is kept. @defaultValue 0 */
  readonly jitterMs?: number
}

/** Loses writes: each with a probability, or the next few for certain. */
export type DropFault = { readonly probability: number } | { readonly next: number }

/**
 * Loses packets as TCP lets its users feel it: a write so hit arrives later, and what follows waits
 * behind it. Each try again is lost with the same probability, and waits twice as long.
 */
export interface RetransmitFault {
  readonly probability: number
  /** Wait before the first try again, in milliseconds. @defaultValue 200 */
  readonly timeoutMs?: number
}

export interface ReorderFault {
  readonly probability: number
  /** How much later a reordered write arrives, in milliseconds. */
  readonly delayMs: number
}

/** One write on its way, as an observer of the whole network sees it. */
export interface ObservedWrite {
  readonly stage: 'sent' | 'arrived' | 'lost'
  /** The same at every stage of one write on a link; a doubled one arrives twice. */
  readonly id: number
  /** The nodes, by the addresses that they listen on. */
  readonly from: string
  readonly to: string
  /** Whole frames, valid during the call. */
  readonly bytes: Uint8Array
}

/** What becomes of one write on its way. */
export type Passage =
  | { readonly type: 'lost' }
  | {
      readonly type: 'carried'
      readonly id: number
      /** How often it arrives. */
      readonly copies: 1 | 2
      readonly delayMs: number
      /** Later writes may overtake it. */
      readonly overtaken: boolean
    }

/** Time from one node to another, in milliseconds: always the same, or drawn for every write. */
export type Latency = number | ((random: Random) => number)

const retransmitMs = 200
/** A link that loses this often in a row is cut for all that its users can tell. */
const mostRetransmissions = 6

/** One direction between two nodes: its faults, and what it carried. */
export class MemoryLink {
  readonly from: string
  readonly to: string
  readonly #random: Random
  readonly #latency: Latency
  readonly #observe: ((write: ObservedWrite) => void) | undefined
  cut: CutMode | undefined
  delay: DelayFault | undefined
  drop: DropFault | undefined
  retransmit: RetransmitFault | undefined
  duplicateProbability = 0
  reorder: ReorderFault | undefined
  bytesPerSecond: number | undefined
  /** A larger write is sent again and again, and never arrives. */
  largestBytes: number | undefined
  #freeAt = 0
  #written = 0
  #writtenBytes = 0
  #delivered = 0
  #deliveredBytes = 0
  #dropped = 0
  #retransmitted = 0
  #duplicated = 0
  #reordered = 0

  constructor(
    from: string,
    to: string,
    options: {
      readonly latency: Latency
      readonly random: Random
      readonly observe: ((write: ObservedWrite) => void) | undefined
    },
  ) {
    this.from = from
    this.to = to
    this.#latency = options.latency
    this.#random = options.random
    this.#observe = options.observe
  }

  /** Time for the least packet, as a dial or a reset sends it. */
  get latencyMs(): number {
    if (this.delay !== undefined) return this.delay.latencyMs
    return typeof this.#latency === 'number' ? this.#latency : this.#latency(this.#random)
  }

  /** Something does not arrive now, but may later. */
  get isHeld(): boolean {
    return this.cut === 'hold' || this.largestBytes !== undefined
  }

  /** Whether a write may arrive as the link is now; if not, it waits, and what follows it does. */
  lets({ length }: Uint8Array): boolean {
    return this.cut !== 'hold' && length <= (this.largestBytes ?? Infinity)
  }

  get isLosing(): boolean {
    return this.cut === 'silent' || this.cut === 'reset'
  }

  heal(): void {
    this.cut = this.delay = this.drop = this.retransmit = this.reorder = undefined
    this.bytesPerSecond = this.largestBytes = undefined
    this.duplicateProbability = 0
  }

  /**
   * @param isFirst - the first write of a connection's side: its handshake. It is lost like any
   * other, but neither doubled nor overtaken: that would make a stream that no network makes
   */
  pass(bytes: Uint8Array, now: number, isFirst: boolean): Passage {
    const id = this.#written++
    const byteLength = bytes.length
    this.#writtenBytes += byteLength
    this.#tell('sent', id, bytes)
    if (this.isLosing || this.#isDropped()) {
      this.lost(id, bytes)
      return { type: 'lost' }
    }
    const { jitterMs = 0 } = this.delay ?? {}
    const jitter = jitterMs > 0 ? this.#random() * jitterMs : 0
    const delayMs =
      this.#transmitMs(byteLength, now) + this.#retransmitMs() + this.latencyMs + jitter
    const { reorder } = this
    const overtaken = !isFirst && reorder !== undefined && this.#random() < reorder.probability
    if (overtaken) this.#reordered++
    const doubled = !isFirst && this.duplicateProbability > 0
    const copies = doubled && this.#random() < this.duplicateProbability ? 2 : 1
    if (copies === 2) this.#duplicated++
    const extraMs = overtaken && reorder !== undefined ? reorder.delayMs : 0
    return { type: 'carried', id, copies, delayMs: delayMs + extraMs, overtaken }
  }

  /** A write that was under way when the link was cut is lost too. */
  arrive(id: number, bytes: Uint8Array): boolean {
    if (this.isLosing) {
      this.lost(id, bytes)
      return false
    }
    this.#delivered++
    this.#deliveredBytes += bytes.length
    this.#tell('arrived', id, bytes)
    return true
  }

  /** A write never arrives: dropped, or its connection is over. */
  lost(id: number, bytes: Uint8Array): void {
    this.#dropped++
    this.#tell('lost', id, bytes)
  }

  #tell(stage: ObservedWrite['stage'], id: number, bytes: Uint8Array): void {
    this.#observe?.({ stage, id, from: this.from, to: this.to, bytes })
  }

  statistics(): LinkStatistics {
    return {
      from: this.from,
      to: this.to,
      writtenBytes: this.#writtenBytes,
      deliveredBytes: this.#deliveredBytes,
      written: this.#written,
      delivered: this.#delivered,
      dropped: this.#dropped,
      retransmitted: this.#retransmitted,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
    }
  }

  #isDropped(): boolean {
    const { drop } = this
    if (drop === undefined) return false
    if ('probability' in drop) return this.#random() < drop.probability
    this.drop = drop.next > 1 ? { next: drop.next - 1 } : undefined
    return drop.next > 0
  }

  /** Time lost to tries that were lost. */
  #retransmitMs(): number {
    const { retransmit } = this
    if (retransmit === undefined) return 0
    let waitMs = 0
    let timeoutMs = retransmit.timeoutMs ?? retransmitMs
    for (let tries = 0; tries < mostRetransmissions; tries++) {
      if (this.#random() >= retransmit.probability) break
      this.#retransmitted++
      waitMs += timeoutMs
      timeoutMs *= 2
    }
    return waitMs
  }

  /** Time until the last byte is on the line, behind those that are before it. */
  #transmitMs(byteLength: number, now: number): number {
    if (this.bytesPerSecond === undefined) return 0
    this.#freeAt = Math.max(this.#freeAt, now) + (byteLength * 1_000) / this.bytesPerSecond
    return this.#freeAt - now
  }
}
