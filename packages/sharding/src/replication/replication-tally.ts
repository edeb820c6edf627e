// What replication did and could not do on one node, for one type. Counted each time, and said now and then.

/** What replication of a type did on this node since it was started. */
export interface ReplicationStatistics {
  /** Ids that this node keeps copies of, as owner or as replica. */
  readonly copies: number
  readonly copyBytes: number
  /** Writes that were not confirmed in time: whether they are kept is not known. */
  readonly timedOut: number
  /** Writes that were not begun, since too few replicas were in reach. */
  readonly outOfReach: number
  /** Requests of former owners that were refused here. */
  readonly refused: number
  /** Times that this node was refused, since it is a former owner itself. */
  readonly wasRefused: number
  /** Times that a replica, or this node, had no room for a copy. */
  readonly noRoom: number
  /** Writes to the journal of this node that failed, and were tried again. */
  readonly notStored: number
  /** Requests of owners whose copies are of another lineage than those here: they were refused, and those here kept. */
  readonly otherLineage: number
  /** Shards whose copies were given up here, since somebody decided that those of another lineage count. */
  readonly givenUp: number
  /** Shards of this node, with nothing confirmed, of which somebody turned out to have copies: they wait until enough is known of these. */
  readonly contested: number
  /** Frames to replicas that operations of the type began: those of a turn share frames, whatever shard or type they are of. */
  readonly framesBegun: number
  /** Operations in all frames, each counted for every replica that it was sent to. */
  readonly operationsSent: number
}

type Counter = Exclude<keyof ReplicationStatistics, 'copies' | 'copyBytes'>

/** The same thing is said again after so long, in milliseconds. */
const sayAgainMs = 10_000

export class ReplicationTally {
  readonly #counts = new Map<Counter, number>()
  readonly #saidAt = new Map<Counter, number>()

  add(counter: Counter, count = 1): void {
    this.#counts.set(counter, this.get(counter) + count)
  }

  get(counter: Counter): number {
    return this.#counts.get(counter) ?? 0
  }

  /** @returns whether it is time to say so */
  note(counter: Counter, now: number): boolean {
    this.add(counter)
    const isDue = now >= (this.#saidAt.get(counter) ?? Number.NEGATIVE_INFINITY) + sayAgainMs
    if (isDue) this.#saidAt.set(counter, now)
    return isDue
  }

  statistics(copies: number, copyBytes: number): ReplicationStatistics {
    return {
      copies,
      copyBytes,
      timedOut: this.get('timedOut'),
      outOfReach: this.get('outOfReach'),
      refused: this.get('refused'),
      wasRefused: this.get('wasRefused'),
      noRoom: this.get('noRoom'),
      notStored: this.get('notStored'),
      otherLineage: this.get('otherLineage'),
      givenUp: this.get('givenUp'),
      contested: this.get('contested'),
      framesBegun: this.get('framesBegun'),
      operationsSent: this.get('operationsSent'),
    }
  }
}
