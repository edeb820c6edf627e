// Writes that wait until enough nodes have them. Few wait for the same id at once, and very many for others: so those of an id are
// linked to each other, and need no list.
import type { JournalHead } from '@casty/persistence'
import type { CopyVersion } from './copy-version.ts'
import type { Settle } from './replication-outcome.ts'

export interface PendingWrite {
  readonly id: string
  readonly version: CopyVersion
  readonly head: JournalHead
  /** When it has waited for too long. */
  readonly until: number
  readonly settle: Settle
  /** The next one of the same id. */
  next: PendingWrite | undefined
}

interface Line {
  first: PendingWrite
  last: PendingWrite
}

/** Mutable. Those of one id are in the order of their versions, and of their deadlines. */
export class PendingWrites {
  readonly #lines = new Map<string, Line>()

  /** Ids for which some wait; those of whom none waits any more may go meanwhile. */
  ids(): Iterable<string> {
    return this.#lines.keys()
  }

  first(id: string): PendingWrite | undefined {
    return this.#lines.get(id)?.first
  }

  /** Behind those of the same id. */
  add(write: PendingWrite): void {
    const line = this.#lines.get(write.id)
    if (line) {
      line.last.next = write
      line.last = write
    } else this.#lines.set(write.id, { first: write, last: write })
  }

  /** The first one of an id waits no more. */
  shift(id: string): void {
    const line = this.#lines.get(id)
    if (!line) return
    if (line.first.next) line.first = line.first.next
    else this.#lines.delete(id)
  }

  /** Those that have waited for too long, which wait no more. */
  takeLate(now: number): readonly PendingWrite[] {
    const late: PendingWrite[] = []
    for (const id of this.#lines.keys()) {
      for (let first = this.first(id); first && first.until <= now; first = this.first(id)) {
        late.push(first)
        this.shift(id)
      }
    }
    return late
  }

  takeAll(): readonly PendingWrite[] {
    return this.takeLate(Infinity)
  }

  /** When the next one has waited for too long. */
  nextDeadline(): number {
    let next = Infinity
    for (const { first } of this.#lines.values()) next = Math.min(next, first.until)
    return next
  }
}
