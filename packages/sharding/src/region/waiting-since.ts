/** Since when messages wait for something to begin: what waits for too long is told, the first ones first. */
export class WaitingSince<T> {
  readonly #timeoutMs: number
  /** For each, when its messages came, in order. */
  readonly #times = new Map<T, number[]>()
  #looksAt = Infinity

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  add(subject: T, now: number): void {
    const times = this.#times.get(subject)
    if (times) times.push(now)
    else this.#times.set(subject, [now])
    this.#looksAt = Math.min(this.#looksAt, now + this.#timeoutMs)
  }

  /** None of its messages waits any more. */
  delete(subject: T): void {
    this.#times.delete(subject)
    if (this.#times.size === 0) this.#looksAt = Infinity
  }

  nextDeadline(): number {
    return this.#looksAt
  }

  /** How many of the first messages of each have waited too long. They are not told again. */
  takeOverdue(now: number): readonly (readonly [subject: T, count: number])[] {
    if (now < this.#looksAt) return []
    const overdue: (readonly [T, number])[] = []
    let first = Infinity
    for (const [subject, times] of this.#times) {
      const left = times.filter((since) => since + this.#timeoutMs > now)
      if (left.length < times.length) overdue.push([subject, times.length - left.length])
      if (left.length === 0) this.#times.delete(subject)
      else this.#times.set(subject, left)
      first = Math.min(first, left[0] ?? Infinity)
    }
    // Not for each of many that come one after the other.
    this.#looksAt = Math.max(first + this.#timeoutMs, now + this.#timeoutMs / 16)
    if (this.#times.size === 0) this.#looksAt = Infinity
    return overdue
  }
}
