import { LeaseError } from '../lease-error.ts'
import type { BoundedStore } from './bounded-store.ts'
import { trustedLeaseMs, type ResolvedLeaseOptions } from './lease-options.ts'
import type { LeaseClaim } from './lease-store.ts'

/** A renewal that failed is tried again after this part of a heartbeat, rather than at the next one. */
const retriesPerHeartbeat = 10

export interface TenureStart {
  readonly claim: LeaseClaim
  readonly fence: bigint
  /** When the grant was asked for, by the clock of the options. */
  readonly askedAt: number
  /** Called once, unless `end` was called before. The store may still hold the lease if `isGone` is false. */
  readonly onLost: (reason: Error, isGone: boolean) => void
}

/**
 * The time in which a grant may be relied on, and what prolongs it. Once it was over it stays over:
 * what a renewal answers after that changes nothing.
 */
export class Tenure {
  readonly claim: LeaseClaim
  readonly fence: bigint
  readonly #store: BoundedStore
  readonly #options: ResolvedLeaseOptions
  readonly #onLost: TenureStart['onLost']
  readonly #ending = new AbortController()
  #trustedUntil = 0
  #expiry: Disposable | undefined
  #heartbeat: Disposable | undefined
  #renewing: Promise<boolean> | undefined
  #lastFailure: unknown

  constructor(store: BoundedStore, options: ResolvedLeaseOptions, start: TenureStart) {
    this.#store = store
    this.#options = options
    this.claim = start.claim
    this.fence = start.fence
    this.#onLost = start.onLost
    this.#prolong(start.askedAt)
  }

  get isTrusted(): boolean {
    return !this.#hasEnded && this.#options.clock.now() < this.#trustedUntil
  }

  /** Renews now; calls that meet share one renewal. Rejects if the store cannot tell. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#renewOnce().finally(() => (this.#renewing = undefined))
    return this.#renewing
  }

  /** Ends it without a word to its owner, who knows. */
  end(): void {
    this.#expiry?.[Symbol.dispose]()
    this.#heartbeat?.[Symbol.dispose]()
    this.#ending.abort(LeaseError.closed(this.claim.name))
  }

  /** Ends it because it was not renewed in time. */
  expire(): void {
    const { claim } = this
    this.#lose(
      LeaseError.notRenewed(claim.name, trustedLeaseMs(claim.ttlMs), this.#lastFailure),
      false,
    )
  }

  get #hasEnded(): boolean {
    return this.#ending.signal.aborted
  }

  async #renewOnce(): Promise<boolean> {
    if (!this.isTrusted) this.expire() // Its timer is late: the process was paused.
    if (this.#hasEnded) return false
    const askedAt = this.#options.clock.now()
    const { signal } = this.#ending
    using call = this.#store.call({ signal, atMostMs: this.#trustedUntil - askedAt })
    const isHeld = await this.#store.renew(this.claim, call)
    // The timer that ends it may be late, after a pause of the process.
    if (!this.isTrusted) this.expire()
    else if (isHeld) this.#prolong(askedAt)
    else this.#lose(LeaseError.takenAway(this.claim.name), true)
    return this.isTrusted
  }

  #prolong(askedAt: number): void {
    const { clock, heartbeatMs } = this.#options
    this.#trustedUntil = askedAt + trustedLeaseMs(this.claim.ttlMs)
    this.#lastFailure = undefined
    this.#expiry?.[Symbol.dispose]()
    this.#expiry = clock.schedule(this.#trustedUntil - clock.now(), () => this.expire())
    this.#beatIn(askedAt + heartbeatMs - clock.now())
  }

  #beatIn(delayMs: number): void {
    this.#heartbeat?.[Symbol.dispose]()
    this.#heartbeat = this.#options.clock.schedule(delayMs, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    const { heartbeatMs, logger } = this.#options
    try {
      await this.renew()
    } catch (error) {
      if (this.#hasEnded) return
      this.#lastFailure = error
      const remainingMs = this.#trustedUntil - this.#options.clock.now()
      logger?.warn({ lease: this.claim.name, remainingMs, error }, 'A lease was not renewed')
      this.#beatIn(heartbeatMs / retriesPerHeartbeat)
    }
  }

  #lose(reason: Error, isGone: boolean): void {
    if (this.#hasEnded) return
    this.end()
    this.#onLost(reason, isGone)
  }
}
