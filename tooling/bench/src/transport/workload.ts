import type { Link, OnFrame } from './subject.ts'

/** What is done over one connection. Both subjects run the very same code. */
export type Workload =
  | { readonly type: 'one-way'; readonly payloadBytes: number }
  | { readonly type: 'request-answer'; readonly payloadBytes: number; readonly inFlight: number }

const measuredMs = 1_000
const burstBytes = 1_048_576
const burstMessages = 1_000

/** What comes before the measurement: so long, and so often. */
export interface WarmUp {
  readonly ms: number
  readonly count: number
}

/** Counts, and says once how many per second there were after the warm-up. */
export class Meter {
  readonly #measured: (perSecond: number) => void
  readonly #warmUp: WarmUp
  #count = 0
  #started = false

  constructor(measured: (perSecond: number) => void, warmUp: WarmUp = { ms: 400, count: 0 }) {
    this.#measured = measured
    this.#warmUp = warmUp
  }

  count(): void {
    this.#count++
    if (!this.#started) this.#start()
  }

  #start(): void {
    this.#started = true
    this.#warm(this.#warmUp.ms, 1)
  }

  /** On a busy machine code gets fewer turns, and is compiled later: it is given up to four times as long. */
  #warm(ms: number, round: number): void {
    setTimeout(() => {
      if (this.#count < this.#warmUp.count && round < 4) this.#warm(ms, round + 1)
      else this.#measure()
    }, ms)
  }

  #measure(): void {
    process.send?.({ type: 'measuring' })
    const before = this.#count
    const startedAt = performance.now()
    setTimeout(() => {
      this.#measured(((this.#count - before) * 1_000) / (performance.now() - startedAt))
    }, measuredMs)
  }
}

/** The listening side: it counts what arrives, or answers it. */
export function serve(workload: Workload, meter: Meter): OnFrame {
  switch (workload.type) {
    case 'one-way':
      return () => meter.count()
    case 'request-answer':
      return (link, bytes, start, end) => void link.send(bytes, start, end)
  }
}

/** The dialling side, for as long as the process lives. */
export function drive(workload: Workload, link: Link): void {
  const payload = new Uint8Array(workload.payloadBytes).fill(7)
  switch (workload.type) {
    case 'one-way':
      return sendInBursts(link, payload)
    case 'request-answer':
      for (let count = 0; count < workload.inFlight; count++) link.send(payload, 0, payload.length)
      return
  }
}

/** What the dialling side does with an answer: it counts it, and asks again. */
export function onAnswer(workload: Workload, meter: Meter): OnFrame {
  const payload = new Uint8Array(workload.payloadBytes).fill(7)
  return (link) => {
    meter.count()
    link.send(payload, 0, payload.length)
  }
}

function sendInBursts(link: Link, payload: Uint8Array): void {
  const burst = Math.min(burstMessages, Math.ceil(burstBytes / payload.length))
  const next = (): void => {
    for (let count = 0; count < burst; count++) {
      if (!link.send(payload, 0, payload.length)) return // `drained` goes on.
    }
    setImmediate(next)
  }
  link.drained = next
  next()
}
