/**
 * Where leases are kept: three writes, each of them atomic. `createLease` makes a `Lease` of it, with
 * all that is hard about one: renewal, deadlines, answers that come too late, and when to stop
 * believing.
 *
 * A store counts the time of a lease by a clock of its own, from the moment it carries a write out. All
 * three calls end soon after `signal` is aborted. They reject where it is not known whether the write
 * was carried out.
 */
export interface LeaseStore {
  /**
   * Grants the lease for `ttlMs` if it is free, has run out, or is held by an earlier attempt of the
   * same session; with a fence greater than all that were given before under this name, also across
   * releases and restarts. It grants nothing once `withinMs` have passed since it was asked: a request
   * that was held up on its way must not keep others out when nobody waits for its answer any more.
   */
  claim(claim: TimedClaim, signal: AbortSignal): Promise<ClaimAnswer>
  /**
   * Lets the lease run for `ttlMs` from now, if this very claim holds it and it has not run out.
   *
   * @returns whether it is held by this claim
   */
  renew(claim: LeaseClaim, signal: AbortSignal): Promise<boolean>
  /** Frees the lease if this claim, or an earlier attempt of its session, holds it. */
  release(claim: LeaseClaim, signal: AbortSignal): Promise<void>
}

/** One attempt of one session to hold one lease. */
export interface LeaseClaim {
  /** What is claimed. */
  readonly name: string
  /** By whom, for people to read. */
  readonly owner: string
  /** Who it is to the store: unique to one `Lease` object, so that two with one owner exclude each other. */
  readonly session: string
  /**
   * Counts up with each claim of a session, from 1. A later attempt takes the place of an earlier one,
   * whose answer may have been lost; an earlier one that arrives late never that of a later one.
   */
  readonly attempt: number
  /** How long the lease runs without a renewal. */
  readonly ttlMs: number
}

export interface TimedClaim extends LeaseClaim {
  /** From when it is asked: after that, nothing may be granted. */
  readonly withinMs: number
}

export type ClaimAnswer =
  | { readonly type: 'granted'; readonly fence: bigint }
  | { readonly type: 'held-by-other' }
  /** It is certain that nothing was granted, though not who holds the lease. */
  | { readonly type: 'failed'; readonly error: Error }
