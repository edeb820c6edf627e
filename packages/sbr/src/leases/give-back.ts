import type { BoundedStore } from './bounded-store.ts'
import type { ResolvedLeaseOptions } from './lease-options.ts'
import type { LeaseClaim } from './lease-store.ts'

/**
 * Frees what the store may hold for this lease though nobody relies on it: a grant whose answer was
 * lost or late, a lease that was released or given up. It tries until that worked, a later claim was
 * answered, or the lease must have run out.
 */
export class GiveBack {
  readonly #store: BoundedStore
  readonly #options: ResolvedLeaseOptions
  #owed: LeaseClaim | undefined
  #until = 0
  #retry: Disposable | undefined

  constructor(store: BoundedStore, options: ResolvedLeaseOptions) {
    this.#store = store
    this.#options = options
  }

  /** Notes that `claim`, and all before it, must not stay granted. `tryNow` or a timer does the rest. */
  owe(claim: LeaseClaim): void {
    const { clock, operationTimeoutMs, ttlMs } = this.#options
    if (this.#store.closing.aborted) return
    this.#owed = claim
    // The request may be carried out as late as its deadline, and the store's clock may be slower.
    this.#until = clock.now() + operationTimeoutMs + ttlMs * 1.01
    this.#retryIn(0)
  }

  /** A later claim was granted or denied: nothing before it can be held any more. */
  settle(): void {
    this.#retry?.[Symbol.dispose]()
    this.#owed = undefined
  }

  /** @returns whether nothing is owed any more */
  async tryNow(): Promise<boolean> {
    const claim = this.#owed
    if (claim === undefined) return true
    this.#retry?.[Symbol.dispose]()
    using call = this.#store.call()
    try {
      await this.#store.release(claim, call)
      if (this.#owed === claim) this.settle()
      return true
    } catch (error) {
      if (this.#owed === claim) this.#failed(claim, error)
      return false
    }
  }

  #failed(claim: LeaseClaim, error: unknown): void {
    if (this.#store.closing.aborted) return
    this.#options.logger?.warn({ lease: claim.name, error }, 'A lease was not given back')
    if (this.#options.clock.now() < this.#until) this.#retryIn(this.#options.heartbeatMs / 10)
    else this.settle()
  }

  #retryIn(delayMs: number): void {
    this.#retry?.[Symbol.dispose]()
    this.#retry = this.#options.clock.schedule(delayMs, () => void this.tryNow())
  }
}
