// Frames of other nodes whose tables are ahead of the one here: they wait until it has caught up. In order per
// shard, bounded, and none for longer than its time. Whoever's frame cannot wait any longer gets all of its frames for
// that shard back, so that none overtakes another.
import type { NodeIdentity } from '@casty/transport'

export interface HeldLimits {
  /** How many frames wait at most. */
  readonly maxFrames: number
  /** How many bytes they hold at most. */
  readonly maxBytes: number
  /** How long each waits at most, in milliseconds. */
  readonly timeoutMs: number
}

/** What is known of a frame without its contents. */
export interface HeldFrame {
  readonly from: NodeIdentity
  readonly shard: number
  /** The table here must be at that epoch. */
  readonly epoch: number
  readonly sizeBytes: number
}

interface Held<F> {
  readonly frame: F
  readonly until: number
}

export class HeldFrames<F extends HeldFrame> {
  readonly #limits: HeldLimits
  readonly #shards = new Map<number, Held<F>[]>()
  #frames = 0
  #bytes = 0

  constructor(limits: HeldLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#frames
  }

  /** Whether frames of that shard wait: then what comes later, and also has to wait, goes behind them. */
  has(shard: number): boolean {
    return this.#shards.has(shard)
  }

  /** @returns false where there is no room */
  add(frame: F, now: number): boolean {
    const { maxFrames, maxBytes, timeoutMs } = this.#limits
    if (this.#frames >= maxFrames || this.#bytes + frame.sizeBytes > maxBytes) return false
    const queue = this.#shards.get(frame.shard) ?? []
    if (queue.length === 0) this.#shards.set(frame.shard, queue)
    queue.push({ frame, until: now + timeoutMs })
    this.#frames++
    this.#bytes += frame.sizeBytes
    return true
  }

  /** The frames of a shard for which a table of that epoch is new enough, in order: they wait no more. */
  takeReady(shard: number, epoch: number): readonly F[] {
    return this.#take(shard, ({ frame }) => frame.epoch <= epoch)
  }

  /** All of a node for a shard, in order: they wait no more. */
  takeFrom(shard: number, from: NodeIdentity): readonly F[] {
    return this.#take(shard, ({ frame }) => frame.from.equals(from))
  }

  /** Those of nodes of which one has waited for too long: they wait no more. */
  takeOverdue(now: number): readonly F[] {
    return [...this.#shards].flatMap(([shard, queue]) => {
      const late = new Set(
        queue.filter(({ until }) => until <= now).map(({ frame }) => frame.from.key),
      )
      return late.size === 0 ? [] : this.#take(shard, ({ frame }) => late.has(frame.from.key))
    })
  }

  takeAll(): readonly F[] {
    return [...this.#shards.keys()].flatMap((shard) => this.#take(shard, () => true))
  }

  #take(shard: number, isTaken: (held: Held<F>) => boolean): readonly F[] {
    const queue = this.#shards.get(shard)
    if (!queue) return []
    const taken = queue.filter(isTaken).map(({ frame }) => frame)
    if (taken.length === 0) return taken
    const rest = queue.filter((held) => !isTaken(held))
    if (rest.length === 0) this.#shards.delete(shard)
    else this.#shards.set(shard, rest)
    this.#frames -= taken.length
    for (const { sizeBytes } of taken) this.#bytes -= sizeBytes
    return taken
  }

  /** When the first of them has waited for long enough. */
  nextDeadline(): number | undefined {
    let next: number | undefined
    for (const [first] of this.#shards.values()) {
      if (first && (next === undefined || first.until < next)) next = first.until
    }
    return next
  }
}
