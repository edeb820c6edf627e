// Tells a connection whose other end has vanished (a lost host, a dropped NAT entry: "half-open")
// from one that is merely quiet. What was written is followed by a ping when nothing comes back; a
// ping that stays unanswered, with nothing else heard either, ends the connection.
//
// A ping queues behind everything written before it. So the patience grows with what is on the way,
// by the time that a slow line takes for it: else a bulk transfer over a slow line would look dead.

/** The slowest line that is not taken for a dead one: 64 kbit/s. */
const slowestBytesPerMs = 8
/** No socket holds more than this line time of unread bytes. */
const longestTransferMs = 50_000

export class SilenceWatch {
  readonly #patienceMs: number
  readonly #isBulk: boolean
  #writtenBytes = 0
  #arrivedBytes = 0
  #heard = true
  /** What had been written at the last sign that it has arrived: the rest is unanswered. */
  #answeredBytes = 0
  #ping: { readonly writtenBytes: number; since: number } | undefined

  /**
   * @param patienceMs - time for an answer to a ping, in milliseconds
   * @param isBulk - what is heard says nothing about what has arrived there
   */
  constructor(patienceMs: number, isBulk: boolean) {
    this.#patienceMs = patienceMs
    this.#isBulk = isBulk
  }

  wrote(byteLength: number): void {
    this.#writtenBytes += byteLength
  }

  heard(): void {
    this.#heard = true
    if (!this.#isBulk) this.#answeredBytes = this.#writtenBytes
  }

  answered(): void {
    if (this.#ping !== undefined) this.#arrivedBytes = this.#ping.writtenBytes
    this.#answeredBytes = Math.max(this.#answeredBytes, this.#arrivedBytes)
    this.#ping = undefined
  }

  /**
   * To be called at a steady interval. `silent` ends the connection.
   *
   * @param wasLate - this tick comes late: the process stood still, and may not have read what lies
   * in its sockets; nobody is judged now
   */
  tick(now: number, wasLate: boolean): 'quiet' | 'ping' | 'silent' {
    const heard = this.#heard
    this.#heard = false
    if (heard && !this.#isBulk) this.#arrivedBytes = this.#writtenBytes
    if (this.#ping === undefined) {
      if (this.#writtenBytes === this.#answeredBytes) return 'quiet'
      this.#ping = { writtenBytes: this.#writtenBytes, since: now }
      return 'ping'
    }
    if (heard || wasLate) this.#ping.since = now
    const onTheWay = this.#writtenBytes - this.#arrivedBytes
    const transferMs = Math.min(onTheWay / slowestBytesPerMs, longestTransferMs)
    return now - this.#ping.since >= this.#patienceMs + transferMs ? 'silent' : 'quiet'
  }
}
