// The contract of a `Lease` as tests: call this from a test file of the package that makes one.
import { exclusionContract } from './leases/compliance/exclusion-contract.ts'
import { failureContract } from './leases/compliance/failure-contract.ts'
import { lossContract } from './leases/compliance/loss-contract.ts'
import type { LeaseSubject } from './leases/compliance/subject.ts'

export type { LeaseAbility, LeaseSubject, LeaseUnderTest } from './leases/compliance/subject.ts'

/**
 * Checks that a lease keeps its contract: one holder at a time, fences that only grow, no belief
 * beyond what was granted, and no call that hangs.
 *
 * No test shares a lease or an owner with another: where time is real, they can run at once, within a `describe` that
 * is `concurrent`.
 *
 * @example
 * leaseCompliance('myLease', {
 *   open: (name, owner) => myLease({ name, owner, ttlMs: 2_000 }),
 *   ttlMs: 2_000,
 *   pass: (ms) => timers.setTimeout(ms),
 *   lacks: ['cut', 'take'],
 * })
 */
export function leaseCompliance(name: string, subject: LeaseSubject): void {
  exclusionContract(name, subject)
  lossContract(name, subject)
  failureContract(name, subject)
}
