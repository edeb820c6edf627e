import type { DeadLetterReason } from '@casty/actor'

/** What a region did since its start. */
export class RegionTally {
  /** Handed to an entity here. */
  delivered = 0
  /** Sent to other nodes. */
  sent = 0
  /** Of other nodes that arrived here. */
  received = 0
  /** Of other nodes that were sent back, because the shard is not here. */
  sentBack = 0
  /** That came back from other nodes. */
  cameBack = 0
  started = 0
  passivated = 0
  /** Stopped by force, because they took too long. */
  forced = 0
  /** They had not stopped even then. */
  leftBehind = 0
  handedOver = 0
  readonly #dropped = new Map<DeadLetterReason, number>()

  drop(reason: DeadLetterReason): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1)
  }

  get dropped(): Readonly<Partial<Record<DeadLetterReason, number>>> {
    return Object.fromEntries(this.#dropped)
  }
}
