// The right of a region to run its shards, as the region reckons it.
import type { Grant } from '../protocol.ts'
import { compareVersions, noVersion, type Version } from '../table/version.ts'

/** Answers whose time is remembered. A grant for an older one would have run out. */
const remembered = 64

/**
 * A lease lasts from when the region *asked* for it, by its own clock, which is earlier than anything the
 * coordinator did about it. Mutable, and of its owner alone.
 */
export class RegionLease {
  readonly #askedAt = new Map<number, number>()
  #term = 0
  /** The latest round that is not remembered any more. */
  #forgotten = 0
  #until = Number.NEGATIVE_INFINITY
  /** How far the table must be applied here for the lease to hold. */
  #after: Version = noVersion

  /**
   * Notes when a round of `term` was answered first: that is what a grant will name. The same round may come
   * again, when the coordinator has news; it was asked for no later for that.
   */
  asked(term: number, round: number, now: number): void {
    if (term !== this.#term) {
      this.#term = term
      this.#askedAt.clear()
      this.#forgotten = 0
    }
    if (round <= this.#forgotten || this.#askedAt.has(round)) return
    this.#askedAt.set(round, now)
    if (this.#askedAt.size <= remembered) return
    const oldest = Math.min(...this.#askedAt.keys())
    this.#askedAt.delete(oldest)
    this.#forgotten = oldest
  }

  /** All of it was so much longer ago than it seemed. */
  age(ms: number): void {
    this.#until -= ms
    for (const [round, askedAt] of this.#askedAt) this.#askedAt.set(round, askedAt - ms)
  }

  granted(term: number, { round, forMs, after }: Grant): void {
    const askedAt = term === this.#term ? this.#askedAt.get(round) : undefined
    if (askedAt === undefined) return
    this.#until = Math.max(this.#until, askedAt + forMs)
    if (compareVersions(after, this.#after) > 0) this.#after = after
  }

  /** Until when the region may run what the table `applied` gives it; -Infinity where it may not. */
  until(applied: Version): number {
    return compareVersions(applied, this.#after) >= 0 ? this.#until : Number.NEGATIVE_INFINITY
  }
}
