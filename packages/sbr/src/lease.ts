/**
 * What at most one owner holds at a time, kept outside the cluster: a side of a partition that gets it
 * knows that no other does. It runs out by itself unless its holder renews it, so a holder that dies
 * or is cut off keeps nobody out for long, and stops believing in it before anybody else can get it.
 *
 * `leaseCompliance` from `@casty/sbr/compliance` is this contract as tests.
 */
export interface Lease {
  /** What is held. */
  readonly name: string
  /** Who asks, for people to read: one node, in one incarnation. */
  readonly owner: string
  /**
   * Asks once, and does not wait for another owner to let go. Asked again while it is held it answers
   * true, the fence stays, and a new `onLost` takes the place of the one before.
   *
   * Rejects where it cannot tell who holds the lease, and with `signal.reason` once that is aborted.
   * What is granted after that is given back, and never acted on.
   *
   * @returns whether the lease is held now
   */
  acquire(options?: AcquireOptions): Promise<boolean>
  /**
   * Gives up what is held: from the call on, not from the answer, it is not believed in any more.
   *
   * @returns whether the lease is known to be free of this owner; if not, it runs out by itself
   */
  release(): Promise<boolean>
  /**
   * Whether the lease is held as far as this process knows, by its own monotonic clock. Ask right
   * before each act that needs the lease: after a pause this knows of the loss before `onLost` is called.
   */
  checkLease(): boolean
  /**
   * Asks the store something that changes nothing, for nobody: rejects where it does not answer, so that
   * wrong settings show before the lease is needed.
   */
  check?(): Promise<void>
  /**
   * The fencing number of what is held: greater than all that were given before, to anybody. Storage
   * that refuses lower numbers than it has seen is safe from holders that learn too late. Undefined
   * while nothing is held.
   */
  readonly fence: bigint | undefined
}

export interface AcquireOptions {
  readonly signal?: AbortSignal
  /**
   * Called at most once, when what was acquired can be trusted no longer: it was not renewed in time,
   * or was taken away. Not called after `release`. What it throws is logged.
   */
  readonly onLost?: (reason: Error) => void
}
