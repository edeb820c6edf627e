// What changed since an owner took a part over: those who watched the one before it come only after a while, and others are
// there before them.

/** As many are kept, of as many bytes: with more, none are, and whoever watches is told that it missed some. */
const maxRecent = 1_000
const maxRecentBytes = 1_048_576

export interface RecentChange {
  readonly name: string
  /** How many there were in the part, this one included. */
  readonly changes: number
  readonly event: Uint8Array
}

export class RecentChanges {
  readonly #until: number
  #all: RecentChange[] | undefined = []
  #bytes = 0

  /** @param until - when those who come back have done so, by the clock of this node */
  constructor(until: number) {
    this.#until = until
  }

  isKeeping(now: number): boolean {
    if (now >= this.#until) this.#all = undefined
    return this.#all !== undefined
  }

  add(change: RecentChange, now: number): void {
    if (!this.isKeeping(now) || !this.#all) return
    this.#bytes += change.event.length
    if (this.#all.length >= maxRecent || this.#bytes > maxRecentBytes) this.#all = undefined
    else this.#all.push(change)
  }

  /** Those of a name behind what a watcher has seen. */
  after(seen: number, name: string, now: number): readonly RecentChange[] {
    if (!this.isKeeping(now) || !this.#all) return []
    return this.#all.filter((change) => change.name === name && change.changes > seen)
  }
}
