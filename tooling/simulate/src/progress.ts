/** Milliseconds between two plain lines, where lines cannot be rewritten. */
const plainEveryMs = 5_000
const rewriteEveryMs = 100

export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** How far it is: one line that is rewritten on a terminal, elsewhere a line now and then. */
export class Progress {
  readonly #screen: Screen
  readonly #now: () => number
  #lastAt: number
  #isShown = false

  /** @param now - a monotonic clock, in milliseconds */
  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen
    this.#now = now
    this.#lastAt = now()
  }

  show(text: string): void {
    const everyMs = this.#screen.isTTY === true ? rewriteEveryMs : plainEveryMs
    if (this.#now() - this.#lastAt < everyMs) return
    this.#lastAt = this.#now()
    if (this.#screen.isTTY === true) {
      this.#screen.write(`\r\u001B[K${text.slice(0, (this.#screen.columns ?? 80) - 1)}`)
      this.#isShown = true
    } else {
      this.#screen.write(`${text}\n`)
    }
  }

  /** A line that stays. */
  leave(text: string): void {
    this.clear()
    this.#screen.write(`${text}\n`)
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.#isShown) this.#screen.write('\r\u001B[K')
    this.#isShown = false
  }
}
