/**
 * What at most one owner holds at a time, kept outside the cluster: a side of a partition that gets it
 * knows that no other does.
 */
export interface Lease {
  /** What is held. */
  readonly name: string
  /** Who asks: one node, in one incarnation. */
  readonly owner: string
  /**
   * Tries once, and does not wait for another owner. Rejects where it cannot tell who holds the lease;
   * an acquisition that comes too late for the caller is given back by whoever made it.
   *
   * @param onLost - called at most once, when what was acquired can be trusted no longer
   * @returns whether the lease is held now
   */
  acquire(options?: {
    readonly signal?: AbortSignal
    readonly onLost?: (reason: Error) => void
  }): Promise<boolean>
  /** Gives up what is held; resolves with whether the lease is known to be free of this owner. */
  release(): Promise<boolean>
  /** Whether the lease is held as far as this process knows, by its own monotonic clock. */
  checkLease(): boolean
  /**
   * The fencing number of what is held: greater than all that were given before, to anybody. Undefined
   * while nothing is held.
   */
  readonly fence: bigint | undefined
}
