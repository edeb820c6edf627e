// What one end of a link has yet to get across: a queue of messages with numbers, of which the first
// few are under way.
//
// Whoever receives takes messages in order only, so that after a loss all from there on go again. As a
// lane keeps order and loses nothing while it is open, that is rare, and begins with a single frame:
// the rest follows when that one is acknowledged.

/** Most bytes of messages in one frame: control frames are small, and others wait behind them. */
const maxFrameBytes = 16_384

/** Most bytes under way at a time: a fraction of what a control lane takes before it overflows. */
const maxBytesUnderWay = 65_536

/** What a message takes besides itself. */
const overheadBytes = 3

export interface ResendTimes {
  /** First wait for an acknowledgement, in milliseconds; doubles with each that is in vain. */
  readonly minMs: number
  /** Longest wait, in milliseconds. */
  readonly maxMs: number
}

export interface Batch {
  readonly first: number
  readonly messages: readonly Uint8Array[]
}

export class Outbox {
  readonly #times: ResendTimes
  /** All that are not acknowledged, the oldest first. */
  #messages: Uint8Array[] = []
  /** Number of the last that was acknowledged: the first that waits has the next. */
  #acknowledged = 0
  /** How many of those that wait are under way, and their bytes. */
  #underWay = 0
  #bytesUnderWay = 0
  /** The highest number that was ever sent. */
  #highest = 0
  #isProbing = false
  #delayMs: number
  #resendAt: number | undefined

  constructor(times: ResendTimes) {
    this.#times = times
    this.#delayMs = times.minMs
  }

  get size(): number {
    return this.#messages.length
  }

  /** When to send again what is under way, as nobody acknowledged it. */
  get resendAt(): number | undefined {
    return this.#resendAt
  }

  /** What was sent is sent again and again, in vain so far. */
  get isProbing(): boolean {
    return this.#isProbing
  }

  /** Whether there is something that may go now. */
  get isReady(): boolean {
    const next = this.#messages[this.#underWay]
    return next !== undefined && this.#fits(next)
  }

  add(message: Uint8Array): void {
    this.#messages.push(message)
  }

  /** Whoever receives has all up to this number. */
  acknowledge(acknowledged: number, now: number): void {
    const count = acknowledged - this.#acknowledged
    if (count <= 0 || acknowledged > this.#highest) return
    this.#acknowledged = acknowledged
    for (const message of this.#messages.slice(0, Math.min(count, this.#underWay))) {
      this.#bytesUnderWay -= sizeOf(message)
    }
    this.#messages.splice(0, count)
    this.#underWay = Math.max(0, this.#underWay - count)
    this.#isProbing = false
    this.#delayMs = this.#times.minMs
    this.#resendAt = this.#underWay > 0 ? now + this.#delayMs : undefined
  }

  /** Takes what is under way for lost. */
  rewind(): void {
    this.#underWay = 0
    this.#bytesUnderWay = 0
    this.#isProbing = true
    this.#resendAt = undefined
  }

  /** The next wait is to be longer. */
  backOff(): void {
    this.#delayMs = Math.min(this.#delayMs * 2, this.#times.maxMs)
  }

  /** The next wait is to be short again, as there is a new connection. */
  hope(): void {
    this.#delayMs = this.#times.minMs
  }

  /** What goes now, a frame each. */
  take(now: number): readonly Batch[] {
    const batches: Batch[] = []
    while (this.isReady) batches.push(this.#takeFrame())
    if (this.#underWay > 0) this.#resendAt ??= now + this.#delayMs
    return batches
  }

  #takeFrame(): Batch {
    const from = this.#underWay
    let bytes = 0
    do {
      const size = sizeOf(this.#messages[this.#underWay])
      bytes += size
      this.#bytesUnderWay += size
      this.#underWay++
    } while (this.isReady && bytes + sizeOf(this.#messages[this.#underWay]) <= maxFrameBytes)
    this.#highest = Math.max(this.#highest, this.#acknowledged + this.#underWay)
    return {
      first: this.#acknowledged + from + 1,
      messages: this.#messages.slice(from, this.#underWay),
    }
  }

  #fits(message: Uint8Array): boolean {
    if (this.#underWay === 0) return true
    const limit = this.#isProbing ? maxFrameBytes : maxBytesUnderWay
    return this.#bytesUnderWay + sizeOf(message) <= limit
  }
}

function sizeOf(message: Uint8Array | undefined): number {
  return (message?.length ?? 0) + overheadBytes
}
