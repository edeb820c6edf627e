// Entities that are to start without a message when their shard comes: so many a second, so that what was there
// before is served meanwhile. Pure: it is told the time.
import type { HostedShard } from './hosted-shard.ts'

/** Some are started every so often, in milliseconds. */
const everyMs = 50

interface Waiting {
  readonly shard: HostedShard
  readonly entityIds: readonly string[]
  next: number
}

export class StartQueue {
  readonly #perTurn: number
  #waiting: Waiting[] = []
  #nextAt = Infinity

  /** @param perSecond - how many are started in a second */
  constructor(perSecond: number) {
    this.#perTurn = Math.max(1, Math.floor((perSecond * everyMs) / 1_000))
  }

  add(shard: HostedShard, entityIds: ReadonlySet<string>, now: number): void {
    if (entityIds.size === 0) return
    this.#waiting.push({ shard, entityIds: [...entityIds], next: 0 })
    if (this.#nextAt === Infinity) this.#nextAt = now
  }

  nextDeadline(): number {
    return this.#nextAt
  }

  /** Starts those whose turn it is. Those of shards that went elsewhere are not started. */
  start(now: number): void {
    if (this.#nextAt > now) return
    let left = this.#perTurn
    while (left > 0) {
      const [first] = this.#waiting
      if (!first) break
      const entityId = first.entityIds[first.next++]
      if (entityId === undefined || first.shard.stage !== 'running') this.#waiting.shift()
      else {
        first.shard.start(entityId)
        left--
      }
    }
    this.#nextAt = this.#waiting.length === 0 ? Infinity : now + everyMs
  }

  /** It cannot start any now. */
  later(now: number): void {
    if (this.#nextAt <= now) this.#nextAt = now + everyMs
  }
}
