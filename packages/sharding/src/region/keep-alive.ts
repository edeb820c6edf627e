// Entities that always live: which of them are to start again, and when. Pure: it is told the time.
import { shardOf } from './shard-of.ts'

/** Before an entity that has stopped starts again, in milliseconds; doubles while its lives are short. */
const minPauseMs = 200
const maxPauseMs = 10_000

interface Life {
  startedAt: number
  /** Before the next life begins. */
  pauseMs: number
}

export class KeepAlive {
  readonly #idsByShard = new Map<number, string[]>()
  readonly #lives = new Map<string, Life>()
  /** When to start those that have stopped. */
  readonly #due = new Map<string, number>()

  constructor(entityIds: readonly string[], numShards: number) {
    for (const entityId of entityIds) {
      const shard = shardOf(entityId, numShards)
      const ids = this.#idsByShard.get(shard)
      if (ids) ids.push(entityId)
      else this.#idsByShard.set(shard, [entityId])
      this.#lives.set(entityId, { startedAt: -Infinity, pauseMs: minPauseMs })
    }
  }

  has(entityId: string): boolean {
    return this.#lives.has(entityId)
  }

  idsOf(shard: number): readonly string[] {
    return this.#idsByShard.get(shard) ?? []
  }

  started(entityId: string, now: number): void {
    const life = this.#lives.get(entityId)
    if (!life) return
    life.startedAt = now
    this.#due.delete(entityId)
  }

  /** It has stopped, or could not be started, where it is to live. */
  ended(entityId: string, now: number): void {
    const life = this.#lives.get(entityId)
    if (!life) return
    if (now - life.startedAt > maxPauseMs) life.pauseMs = minPauseMs
    this.#due.set(entityId, now + life.pauseMs)
    life.pauseMs = Math.min(2 * life.pauseMs, maxPauseMs)
  }

  nextDeadline(): number {
    return Math.min(...this.#due.values())
  }

  /** Those whose time it is to start, once. */
  takeDue(now: number): readonly string[] {
    const due = [...this.#due].filter(([, at]) => at <= now).map(([entityId]) => entityId)
    for (const entityId of due) this.#due.delete(entityId)
    return due
  }
}
