import type { Random } from '@casty/clock'

/** How a link is cut: its bytes vanish without a trace, or its connections are torn down. */
export type CutMode = 'silent' | 'reset'

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

export interface ReorderFault {
  readonly probability: number
  /** How much later a reordered write arrives, in milliseconds. */
  readonly delayMs: number
}

/** What becomes of one write on its way. */
export type Passage =
  | { readonly type: 'lost' }
  | {
      readonly type: 'carried'
      /** How often it arrives. */
      readonly copies: 1 | 2
      readonly delayMs: number
      /** Later writes may overtake it. */
      readonly overtaken: boolean
    }

/** One direction between two nodes: its faults, and what it carried. */
export class MemoryLink {
  readonly from: string
  readonly to: string
  readonly #random: Random
  readonly #latencyMs: number
  cut: CutMode | undefined
  delay: DelayFault | undefined
  drop: DropFault | undefined
  duplicateProbability = 0
  reorder: ReorderFault | undefined
  bytesPerSecond: number | undefined
  #freeAt = 0
  #written = 0
  #writtenBytes = 0
  #delivered = 0
  #deliveredBytes = 0
  #dropped = 0
  #duplicated = 0
  #reordered = 0

  constructor(from: string, to: string, latencyMs: number, random: Random) {
    this.from = from
    this.to = to
    this.#latencyMs = latencyMs
    this.#random = random
  }

  /** Time for the least packet, as a dial or a reset sends it. */
  get latencyMs(): number {
    return this.delay?.latencyMs ?? this.#latencyMs
  }

  heal(): void {
    this.cut = this.delay = this.drop = this.reorder = this.bytesPerSecond = undefined
    this.duplicateProbability = 0
  }

  /**
   * @param isFirst - the first write of a connection's side: its handshake. It is lost like any
   * other, but neither doubled nor overtaken: that would make a stream that no network makes
   */
  pass(byteLength: number, now: number, isFirst: boolean): Passage {
    this.#written++
    this.#writtenBytes += byteLength
    if (this.cut !== undefined || this.#isDropped()) {
      this.#dropped++
      return { type: 'lost' }
    }
    const { latencyMs, jitterMs = 0 } = this.delay ?? { latencyMs: this.#latencyMs }
    const jitter = jitterMs > 0 ? this.#random() * jitterMs : 0
    const delayMs = this.#transmitMs(byteLength, now) + latencyMs + jitter
    const { reorder } = this
    const overtaken = !isFirst && reorder !== undefined && this.#random() < reorder.probability
    if (overtaken) this.#reordered++
    const doubled = !isFirst && this.duplicateProbability > 0
    const copies = doubled && this.#random() < this.duplicateProbability ? 2 : 1
    if (copies === 2) this.#duplicated++
    const extraMs = overtaken && reorder !== undefined ? reorder.delayMs : 0
    return { type: 'carried', copies, delayMs: delayMs + extraMs, overtaken }
  }

  /** A write that was under way when the link was cut is lost too. */
  arrive(byteLength: number): boolean {
    if (this.cut !== undefined) {
      this.#dropped++
      return false
    }
    this.#delivered++
    this.#deliveredBytes += byteLength
    return true
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

  /** Time until the last byte is on the line, behind those that are before it. */
  #transmitMs(byteLength: number, now: number): number {
    if (this.bytesPerSecond === undefined) return 0
    this.#freeAt = Math.max(this.#freeAt, now) + (byteLength * 1_000) / this.bytesPerSecond
    return this.#freeAt - now
  }
}
