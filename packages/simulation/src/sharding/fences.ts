// Who has claimed which log of the journal, and that nobody of a lower epoch has written to it since: whatever clocks
// and leases are worth.
import type { Added } from './entities.ts'
import type { Finding } from './record.ts'

/** What was granted: from behind that event on, all are of this epoch or a later one. */
export interface Claim {
  readonly epoch: number
  /** The number of the last event that there was. */
  readonly behind: number
  /** In the world's time. */
  readonly at: number
}

export class Fences {
  readonly #claims = new Map<string, Claim[]>()

  claimed(key: string, claim: Claim): void {
    const claims = this.#claims.get(key) ?? []
    claims.push(claim)
    this.#claims.set(key, claims)
  }

  /** Whether somebody has claimed it under a later epoch. */
  isStale(key: string, epoch: number): boolean {
    return this.#claims.get(key)?.some((claim) => claim.epoch > epoch) === true
  }

  /**
   * @param events - all that there are in the end, each with the epoch of the shard whose entity wrote it
   * @param isForgotten - whether the first of these claims need not be known to anybody any more
   */
  check(
    key: string,
    events: readonly Added[],
    isForgotten: (claims: readonly Claim[]) => boolean = () => false,
  ): Finding | undefined {
    const claims = this.#claims.get(key) ?? []
    for (const [place, { epoch, behind }] of claims.entries()) {
      const stale = events.findIndex((event, index) => index >= behind && event.epoch < epoch)
      const event = events[stale]
      if (!event || isForgotten(claims.slice(place))) continue
      const text = `${key}: ${event.uid}, event ${stale + 1}, is written under epoch ${event.epoch}, and epoch ${epoch} has it from behind ${behind}`
      return { checker: 'stale writers are refused', text }
    }
    return undefined
  }
}
