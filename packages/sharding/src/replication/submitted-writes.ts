// Writes of which nothing is done yet: the shard is not ready, or too few replicas are in reach to confirm them.
import { withItsOwnBytes, type Operation } from './copy.ts'
import type { Settle } from './replication-outcome.ts'

export interface SubmittedWrite {
  readonly id: string
  readonly operation: Operation
  /** When it has waited for too long. */
  readonly until: number
  readonly settle: Settle
}

/** So many wait at most. */
const maxSubmitted = 10_000

/** Mutable. In the order in which they came, which is that of their deadlines: they are done in that order, or not at all. */
export class SubmittedWrites {
  #writes: SubmittedWrite[] = []

  get isEmpty(): boolean {
    return this.#writes.length === 0
  }

  /** Bytes of its events may change once this returns. @returns false where there are too many: it does not wait then */
  add(write: SubmittedWrite): boolean {
    if (this.#writes.length >= maxSubmitted) return false
    this.#writes.push({ ...write, operation: withItsOwnBytes(write.operation) })
    return true
  }

  /** None of them waits any more. */
  takeAll(): readonly SubmittedWrite[] {
    const writes = this.#writes
    this.#writes = []
    return writes
  }

  /** Those that have waited for too long, which wait no more. */
  takeLate(now: number): readonly SubmittedWrite[] {
    const late = this.#writes.filter(({ until }) => until <= now)
    if (late.length > 0) this.#writes = this.#writes.filter(({ until }) => until > now)
    return late
  }

  /** When the next one has waited for too long. */
  nextDeadline(): number {
    return this.#writes[0]?.until ?? Infinity
  }
}
