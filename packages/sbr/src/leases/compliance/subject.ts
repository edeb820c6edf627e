import type { Lease } from '../../lease.ts'

/** Disposing of it ends renewal, and does not release: what it holds runs out by itself. */
export type LeaseUnderTest = Lease & AsyncDisposable

/** What the surroundings of a lease may be unable to do. */
export type LeaseAbility =
  /** Losing all that goes between one lease and the store, or only the answers. */
  | 'cut'
  /** Taking a lease away from its holder behind its back. */
  | 'take'

/** The lease under test, and the world around it. */
export interface LeaseSubject {
  /** A lease that runs for `ttlMs`; those of one name exclude each other. The store is empty at first. */
  open(name: string, owner: string): LeaseUnderTest | Promise<LeaseUnderTest>
  /** For how long leases are granted, in milliseconds. */
  readonly ttlMs: number
  /** Lets so much time pass for the store and for all leases, with what falls due meanwhile. */
  pass(ms: number): Promise<void>
  /** From now on what the owner sends, or only what it is answered, is lost; until `mend`. */
  cut?(owner: string, what: 'everything' | 'answers'): void | Promise<void>
  mend?(owner: string): void | Promise<void>
  /** Ends the holder's right in the store, without a word to the holder. */
  take?(name: string): void | Promise<void>
  /** What the surroundings cannot do. The tests that need it are skipped, and named as such. */
  readonly lacks?: readonly LeaseAbility[]
}

export function lacks(subject: LeaseSubject, ability: LeaseAbility): boolean {
  return subject.lacks?.includes(ability) ?? false
}

let names = 0

/** A name that no other test of this run uses. */
export function freshName(): string {
  return `compliance-${++names}`
}
