// Messages that wait because nobody can take them now: their shard has no home, is moving, or its owner is out
// of reach. Bounded per shard and in total, and none waits for longer than its time.

export interface BufferLimits {
  /** How many wait for one shard at most. */
  readonly maxPerShard: number
  /** How many wait in all. */
  readonly maxTotal: number
  /** How long each waits at most, in milliseconds. */
  readonly timeoutMs: number
}

interface Waiting<L> {
  readonly letter: L
  readonly until: number
}

/** Of one shard. What came back was sent before what never left, so it goes first. */
interface Queues<L> {
  readonly returned: Waiting<L>[]
  readonly fresh: Waiting<L>[]
}

/** First in, first out per shard; what was returned comes before what is new. */
export class LetterBuffer<L> {
  readonly #limits: BufferLimits
  readonly #shards = new Map<number, Queues<L>>()
  #size = 0

  constructor(limits: BufferLimits) {
    this.#limits = limits
  }

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  sizeOf(shard: number): number {
    const queues = this.#shards.get(shard)
    return queues === undefined ? 0 : queues.returned.length + queues.fresh.length
  }

  /** The shards for which some wait. */
  shards(): Iterable<number> {
    return this.#shards.keys()
  }

  /** Puts one behind all others. @returns false where there is no room */
  add(shard: number, letter: L, now: number): boolean {
    return this.#put(shard, 'fresh', letter, now)
  }

  /** Puts one that was sent and came back behind those that did so before. @returns false where there is no room */
  addReturned(shard: number, letter: L, now: number): boolean {
    return this.#put(shard, 'returned', letter, now)
  }

  #put(shard: number, queue: keyof Queues<L>, letter: L, now: number): boolean {
    const { maxPerShard, maxTotal, timeoutMs } = this.#limits
    if (this.#size >= maxTotal || this.sizeOf(shard) >= maxPerShard) return false
    let queues = this.#shards.get(shard)
    if (queues === undefined) this.#shards.set(shard, (queues = { returned: [], fresh: [] }))
    queues[queue].push({ letter, until: now + timeoutMs })
    this.#size++
    return true
  }

  /**
   * Takes what waits for a shard, one after the other, for as long as `take` says that it took it: the one that it did not take
   * stays the first, and waits no longer for that.
   */
  drain(shard: number, take: (letter: L) => boolean): void {
    const queues = this.#shards.get(shard)
    if (queues === undefined) return
    for (const queue of [queues.returned, queues.fresh]) {
      let taken = 0
      try {
        for (; taken < queue.length; taken++) {
          const letter = queue[taken]?.letter
          if (letter !== undefined && !take(letter)) return
        }
      } finally {
        queue.splice(0, taken)
        this.#size -= taken
      }
    }
    if (queues.returned.length + queues.fresh.length === 0) this.#shards.delete(shard)
  }

  /** All that wait for a shard, in order: they wait no more. */
  takeAll(shard: number): readonly L[] {
    const queues = this.#shards.get(shard)
    if (queues === undefined) return []
    this.#shards.delete(shard)
    const letters = [...queues.returned, ...queues.fresh].map(({ letter }) => letter)
    this.#size -= letters.length
    return letters
  }

  /** Those that have waited for too long, in order per shard: they wait no more. */
  takeOverdue(now: number): readonly (readonly [shard: number, letter: L])[] {
    const overdue: (readonly [number, L])[] = []
    for (const [shard, queues] of this.#shards) {
      for (const queue of [queues.returned, queues.fresh]) {
        // In the order in which they came, so the first one that still has time ends it.
        const due = queue.findIndex(({ until }) => until > now)
        const taken = queue.splice(0, due < 0 ? queue.length : due)
        for (const { letter } of taken) overdue.push([shard, letter])
      }
      if (queues.returned.length + queues.fresh.length === 0) this.#shards.delete(shard)
    }
    this.#size -= overdue.length
    return overdue
  }

  /** When the first of them has waited for long enough. */
  nextDeadline(): number | undefined {
    let next: number | undefined
    for (const { returned, fresh } of this.#shards.values()) {
      for (const queue of [returned, fresh]) {
        const until = queue[0]?.until
        if (until !== undefined && (next === undefined || until < next)) next = until
      }
    }
    return next
  }
}
