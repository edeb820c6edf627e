// Who has claimed which log of the journal, and that nobody of a lower epoch has written to it since: whatever clocks
// and leases are worth.
import type { Added } from './entities.ts'
import type { Finding } from './record.ts'

/** What the journal granted: from behind that event on, all are of this epoch or a later one. */
interface Claim {
  readonly epoch: number
  readonly behind: number
}

export class Fences {
  readonly #claims = new Map<string, Claim[]>()

  /** @param behind - the number of the last event that there was */
  claimed(key: string, epoch: number, behind: number): void {
    const claims = this.#claims.get(key) ?? []
    claims.push({ epoch, behind })
    this.#claims.set(key, claims)
  }

  /** Whether somebody has claimed it under a later epoch. */
  isStale(key: string, epoch: number): boolean {
    return this.#claims.get(key)?.some((claim) => claim.epoch > epoch) === true
  }

  /** @param events - all that there are in the end, each with the epoch of the shard whose entity wrote it */
  check(key: string, events: readonly Added[]): Finding | undefined {
    for (const { epoch, behind } of this.#claims.get(key) ?? []) {
      const stale = events.findIndex((event, index) => index >= behind && event.epoch < epoch)
      const event = events[stale]
      if (!event) continue
      const text = `${key}: ${event.uid}, event ${stale + 1}, is written under epoch ${event.epoch}, and epoch ${epoch} has it from behind ${behind}`
      return { checker: 'stale writers are refused', text }
    }
    return undefined
  }
}
