// What one handle of a lock or semaphore asks for and has.
import type { ByteReader } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import type { Session } from '../../session/session.ts'
import type { Refusal } from '../../state/machine.ts'
import {
  readTermsOf,
  termsOf,
  waitTermsOf,
  writeTermsOf,
  type CallOptions,
  type ReadOptions,
  type WaitOptions,
  type WriteOptions,
} from '../../structures/call-options.ts'
import { explainRefusal } from '../../structures/explain.ts'
import { PartCalls } from '../../structures/part.ts'
import type { CallTerms } from '../../session/pending.ts'
import { tableId } from '../kind.ts'
import { leaseCall, resizeCall, type LeaseAddress } from './lease-calls.ts'
import type { LeaseKeeper } from './lease-keeper.ts'
import type { CheckedLeaseOptions } from './lease-options.ts'
import { Lease } from './lease.ts'

export class LeaseHandle {
  readonly #address: LeaseAddress
  readonly #options: CheckedLeaseOptions
  readonly #keeper: LeaseKeeper
  readonly #owner: number
  readonly #calls: PartCalls
  readonly #part: string
  /** As texts of errors name it. */
  readonly #what: string
  /** In the order in which they were granted; some may be over. */
  readonly #leases = new Set<Lease>()
  #pruneAt = 16

  constructor(
    kind: 'lock' | 'semaphore',
    address: LeaseAddress,
    options: CheckedLeaseOptions,
    session: Session,
    keeper: LeaseKeeper,
  ) {
    this.#what = `${kind} ${address.name}`
    this.#address = address
    this.#options = options
    this.#keeper = keeper
    this.#owner = keeper.nextOwner()
    this.#part = tableId(kind, address.name)
    this.#calls = new PartCalls(session, this.#part, this.#explain)
  }

  readonly #explain = (refusal: Refusal): DDataError => explainLease(this.#what, refusal)

  /** What it has, the oldest first. */
  get leases(): readonly Lease[] {
    for (const lease of this.#leases) if (!lease.isHeld) this.#leases.delete(lease)
    return [...this.#leases]
  }

  get oldest(): Lease | undefined {
    for (const lease of this.#leases) {
      if (lease.isHeld) return lease
      this.#leases.delete(lease)
    }
    return undefined
  }

  #add(lease: Lease): void {
    this.#leases.add(lease)
    if (this.#leases.size >= this.#pruneAt) this.#pruneAt = 16 + 2 * this.leases.length
  }

  async acquire(permits: number, options: WaitOptions): Promise<Lease> {
    const terms = waitTermsOf(`acquire of ${this.#what}`, options, this.#options.limit)
    const lease = await this.#acquire(permits, terms, true)
    if (!lease)
      throw DDataError.malformed(`${this.#what} answered that it does not let anybody wait`)
    return lease
  }

  async tryLease(permits: number, options: CallOptions): Promise<Lease | undefined> {
    const { timeoutMs } = this.#options.limit
    const terms = termsOf(`tryAcquire of ${this.#what}`, options, timeoutMs)
    return await this.#acquire(permits, terms, false)
  }

  async #acquire(permits: number, terms: CallTerms, mayWait: boolean): Promise<Lease | undefined> {
    const { ttlMs, isRenewed, offerTimeoutMs, limit } = this.#options
    const part = this.#keeper.part(this.#part, terms.what)
    const held = await part.acquire({
      wish: { owner: this.#owner, permits, ttlMs, offerTimeoutMs, mayWait },
      held: { address: this.#address, what: this.#what, permits, ttlMs, isRenewed },
      terms,
      explain: this.#explain,
    })
    if (!held) return undefined
    const lease = new Lease(held, part, limit.timeoutMs, this.#explain)
    const { claim } = this.#options
    if (claim) await this.#claimed(lease, claim, terms)
    this.#add(lease)
    return lease
  }

  /** Rejects where the lease is not to be used, which is given back then. */
  async #claimed(
    lease: Lease,
    claim: NonNullable<CheckedLeaseOptions['claim']>,
    { what, signal }: CallTerms,
  ): Promise<void> {
    try {
      await claim(lease.token)
      if (signal?.aborted) throw DDataError.aborted(what, 'no', signal.reason)
      lease.assertHeld()
    } catch (error) {
      await lease[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The oldest. */
  async release(options: CallOptions): Promise<boolean> {
    const lease = this.oldest
    if (lease) return await lease.release(options)
    termsOf(`release of ${this.#what}`, options, this.#options.limit.timeoutMs)
    return false
  }

  async run<R>(
    body: (lease: Lease) => R | Promise<R>,
    permits: number,
    options: WaitOptions,
  ): Promise<R> {
    if (typeof body !== 'function') throw DDataError.argument('fn', body, 'a function of a lease')
    const lease = await this.acquire(permits, options)
    try {
      return await body(lease)
    } finally {
      await lease[Symbol.asyncDispose]()
    }
  }

  async read<T>(
    what: string,
    code: number,
    options: ReadOptions,
    result: (from: ByteReader) => T,
  ): Promise<T> {
    const { timeoutMs } = this.#options.limit
    const terms = readTermsOf(`${what} of ${this.#what}`, options, timeoutMs)
    return await this.#calls.read(leaseCall(code, this.#address), terms, result)
  }

  /** For calls that answer with whether they did something. */
  async write(what: string, code: number, options: WriteOptions): Promise<boolean> {
    const terms = this.#writeTerms(what, options)
    return await this.#calls.call(leaseCall(code, this.#address), terms, (from) => from.bool())
  }

  async resize(permits: number, options: WriteOptions): Promise<number> {
    const terms = this.#writeTerms('resize', options)
    return await this.#calls.call(resizeCall(this.#address, permits), terms, (from) =>
      from.varint(),
    )
  }

  #writeTerms(what: string, options: WriteOptions): CallTerms {
    const { name } = this.#address
    return writeTermsOf(`${what} of ${this.#what}`, name, options, this.#options.limit.timeoutMs)
  }
}

function explainLease(what: string, refusal: Refusal): DDataError {
  const { code, field, existing, requested } = refusal
  if (code === 'CASTY_DDATA_NOT_REENTRANT') {
    return new DDataError(
      code,
      `This handle has ${what} already, or waits for it. Release it first, or take another handle of it.`,
    )
  }
  if (code === 'CASTY_DDATA_ARGUMENT' && field === 'permits') {
    return new DDataError(
      code,
      `${requested} permits are asked for, and ${what} has ${existing} in all: there could never be as many.`,
      { field, existing, requested },
    )
  }
  return explainRefusal(what, refusal)
}
