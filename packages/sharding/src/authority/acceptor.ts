// What every member does for there to be one coordinator at a time: it promises, for `leaseMs` from the moment
// it does so, to help no other. Whoever has the promises of a majority is the coordinator until the first of
// them may run out.
import type { NodeIdentity } from '@casty/transport'
import type { RefusalReason } from '../protocol.ts'

export interface TermPromise {
  readonly term: number
  readonly coordinator: NodeIdentity
  /** By this node's clock. The promise is remembered after that, but binds no longer. */
  readonly until: number
}

/**
 * What one member has promised. Immutable. It is lost with the process, and so is the member: another
 * incarnation is another voter.
 *
 * Invariant: `promise` is of the term `highestTerm`; a term is promised to one coordinator only.
 */
export interface Acceptor {
  readonly highestTerm: number
  readonly promise: TermPromise | undefined
  /** Since when no promise binds, where none does. */
  readonly freeSince: number
  /** Until when region leases last that a coordinator which resigned had granted. */
  readonly leasesUntil: number
}

export function newAcceptor(now: number): Acceptor {
  return { highestTerm: 0, promise: undefined, freeSince: now, leasesUntil: now }
}

export type PromiseVerdict =
  | { readonly type: 'promised' }
  | {
      readonly type: 'refused'
      readonly reason: Extract<RefusalReason, 'promised' | 'old-term'>
      readonly retryAfterMs: number
    }

export interface TermClaim {
  readonly term: number
  readonly coordinator: NodeIdentity
}

/** Promises a term or renews the promise, unless it is old, or another coordinator has a promise that binds. */
export function promiseTerm(
  acceptor: Acceptor,
  { term, coordinator }: TermClaim,
  now: number,
  leaseMs: number,
): readonly [Acceptor, PromiseVerdict] {
  const { highestTerm, promise } = acceptor
  const isRenewal = holdsPromise(acceptor, { term, coordinator })
  if (term <= highestTerm && !isRenewal) {
    return [acceptor, { type: 'refused', reason: 'old-term', retryAfterMs: 0 }]
  }
  if (promise && promise.until > now && promise.coordinator.key !== coordinator.key) {
    const retryAfterMs = promise.until - now
    return [acceptor, { type: 'refused', reason: 'promised', retryAfterMs }]
  }
  const until = now + leaseMs
  const promised = { ...acceptor, highestTerm: term, freeSince: until }
  return [{ ...promised, promise: { term, coordinator, until } }, { type: 'promised' }]
}

/** Whether that term was promised to that coordinator, whether or not the promise binds any more. */
export function holdsPromise({ promise }: Acceptor, { term, coordinator }: TermClaim): boolean {
  return promise?.term === term && promise.coordinator.key === coordinator.key
}

/** Who has a promise that binds. */
export function promisedTo({ promise }: Acceptor, now: number): TermPromise | undefined {
  return promise && promise.until > now ? promise : undefined
}

/** The coordinator gave its term back: others may be promised one now, but leases that it granted go on. */
export function endPromise(
  acceptor: Acceptor,
  claim: TermClaim,
  leasesForMs: number,
  now: number,
): Acceptor {
  if (!holdsPromise(acceptor, claim)) return acceptor
  const leasesUntil = Math.max(acceptor.leasesUntil, now + leasesForMs)
  return { ...acceptor, promise: undefined, freeSince: now, leasesUntil }
}
