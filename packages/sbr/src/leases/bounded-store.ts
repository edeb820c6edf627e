import { LeaseError } from '../lease-error.ts'
import { Call } from './call.ts'
import type { ResolvedLeaseOptions } from './lease-options.ts'
import type { ClaimAnswer, LeaseClaim, LeaseStore } from './lease-store.ts'

/** A store that is asked within limits only, and whose calls end when the lease is disposed of. */
export class BoundedStore implements AsyncDisposable {
  readonly #store: LeaseStore
  readonly #options: ResolvedLeaseOptions
  readonly #closing = new AbortController()
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(store: LeaseStore, options: ResolvedLeaseOptions) {
    this.#store = store
    this.#options = options
  }

  /** Aborted, with `CASTY_SBR_LEASE_CLOSED`, once this is disposed of. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** The limits of one call: the operation's timeout, or less. */
  call({ signal, atMostMs }: { signal?: AbortSignal; atMostMs?: number } = {}): Call {
    const { clock, name, operationTimeoutMs } = this.#options
    return new Call({
      clock,
      timeoutMs: Math.min(operationTimeoutMs, atMostMs ?? operationTimeoutMs),
      signals: signal ? [this.closing, signal] : [this.closing],
      overdue: () => LeaseError.timeout(name, operationTimeoutMs),
    })
  }

  claim(claim: LeaseClaim, call: Call): Promise<ClaimAnswer> {
    const timed = { ...claim, withinMs: call.remainingMs }
    return call.race(this.#track(this.#store.claim(timed, call.signal)))
  }

  renew(claim: LeaseClaim, call: Call): Promise<boolean> {
    return call.race(this.#track(this.#store.renew(claim, call.signal)))
  }

  release(claim: LeaseClaim, call: Call): Promise<void> {
    return call.race(this.#track(this.#store.release(claim, call.signal)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.closing.aborted) this.#closing.abort(LeaseError.closed(this.#options.name))
    await Promise.allSettled(this.#underWay)
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    const forget = (): boolean => this.#underWay.delete(work)
    work.then(forget, forget)
    return work
  }
}
