import type { AcquireOptions, Lease } from '../lease.ts'
import { LeaseError } from '../lease-error.ts'
import { knownNames } from '../option-values.ts'
import { BoundedStore } from './bounded-store.ts'
import type { Call } from './call.ts'
import { GiveBack } from './give-back.ts'
import {
  leaseOptionNames,
  leaseText,
  resolveLeaseOptions,
  type LeaseOptions,
  type ResolvedLeaseOptions,
} from './lease-options.ts'
import type { ClaimAnswer, LeaseClaim, LeaseStore } from './lease-store.ts'
import { Tenure } from './tenure.ts'

export interface StoredLeaseOptions extends LeaseOptions {
  /** Unique among all that ever use the store: two leases with one owner exclude each other by it. */
  readonly session: string
}

/**
 * A lease over a store. Disposing of it is abrupt: it renews no more, calls under way end, and what it
 * held (`onLost` is called) runs out by itself. `release` is the graceful way.
 */
export interface StoredLease extends Lease, AsyncDisposable {
  /**
   * Renews now rather than with the next heartbeat, and so asks the store whether the lease is held:
   * before something that cannot be undone. Rejects if the store does not tell.
   */
  renew(): Promise<boolean>
  check(): Promise<void>
}

/**
 * Makes a `Lease` of a store.
 *
 * - It believes in a grant for nine tenths of `ttlMs`, counted by its own monotonic clock from when it
 *   *asked*. The store counts all of it, from when it *wrote*: as long as the rates of both clocks
 *   differ by less than 1 % the holder has stopped believing before anybody else is let in.
 * - Every call ends within `operationTimeoutMs`, whatever the store does. What is granted too late, or
 *   when the caller has given up, is given back and not acted on.
 * - A claim that broke on its way (a connection that was gone already) is made once more, at once.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function createLease(store: LeaseStore, options: StoredLeaseOptions): StoredLease {
  knownNames('createLease()', options, [...leaseOptionNames, 'session'])
  const session = leaseText('session', options.session)
  return new LeaseOverStore(store, resolveLeaseOptions(options), session)
}

class LeaseOverStore implements StoredLease {
  readonly name: string
  readonly owner: string
  readonly #store: BoundedStore
  readonly #options: ResolvedLeaseOptions
  readonly #session: string
  readonly #giveBack: GiveBack
  #attempt = 0
  #highestFence = 0n
  #tenure: Tenure | undefined
  #onLost: AcquireOptions['onLost']
  #lastTurn: Promise<unknown> = Promise.resolve()

  constructor(store: LeaseStore, options: ResolvedLeaseOptions, session: string) {
    this.name = options.name
    this.owner = options.owner
    this.#store = new BoundedStore(store, options)
    this.#options = options
    this.#session = session
    this.#giveBack = new GiveBack(this.#store, options)
  }

  get fence(): bigint | undefined {
    return this.#tenure?.isTrusted === true ? this.#tenure.fence : undefined
  }

  checkLease(): boolean {
    return this.#tenure?.isTrusted === true
  }

  async acquire(options: AcquireOptions = {}): Promise<boolean> {
    return await this.#inTurn(options, (call) => this.#acquire(call, options.onLost))
  }

  async release(): Promise<boolean> {
    this.#store.closing.throwIfAborted()
    this.#letGo()
    try {
      return await this.#inTurn({}, () => {
        this.#letGo() // An acquisition that was asked for before may have come through meanwhile.
        return this.#giveBack.tryNow()
      })
    } catch {
      // Out of time, behind another call or for the store. The rest is done without the caller.
      this.#store.closing.throwIfAborted()
      return false
    }
  }

  async check(): Promise<void> {
    const { name, owner } = this
    // Gives back what no claim can hold: they count from 1.
    const nothing = { name, owner, session: this.#session, attempt: 0, ttlMs: this.#options.ttlMs }
    await this.#inTurn({}, (call) => this.#store.release(nothing, call))
  }

  async renew(): Promise<boolean> {
    this.#store.closing.throwIfAborted()
    return (await this.#tenure?.renew()) ?? false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#store[Symbol.asyncDispose]()
    this.#giveBack.settle()
    this.#tenure?.end()
    this.#tenure = undefined
    this.#tell(LeaseError.closed(this.name))
    await closed
  }

  /** One call after the other. Each ends by its own deadline, which runs while it waits for its turn. */
  async #inTurn<T>(
    { signal }: Pick<AcquireOptions, 'signal'>,
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    this.#store.closing.throwIfAborted()
    signal?.throwIfAborted()
    using call = this.#store.call(signal && { signal })
    const turn = this.#lastTurn.then(() => {
      call.signal.throwIfAborted()
      return work(call)
    })
    this.#lastTurn = turn.catch(() => {}) // Its caller is told; the next only waits for the end.
    return await call.race(turn)
  }

  async #acquire(call: Call, onLost: AcquireOptions['onLost']): Promise<boolean> {
    if (this.#tenure?.isTrusted === true) {
      call.commit()
      this.#onLost = onLost ?? this.#onLost
      return true
    }
    this.#tenure?.expire() // Its timer is late: the process was paused.
    const answer = await this.#claim(call, onLost).catch(() => {
      call.signal.throwIfAborted()
      return this.#claim(call, onLost)
    })
    if (answer.type === 'failed') throw answer.error
    return answer.type === 'granted'
  }

  /** Rejects if it is not known what became of the claim. What was granted is begun on, or given back. */
  async #claim(call: Call, onLost: AcquireOptions['onLost']): Promise<ClaimAnswer> {
    const { name, owner } = this
    const { ttlMs, clock } = this.#options
    const claim = { name, owner, session: this.#session, attempt: ++this.#attempt, ttlMs }
    const askedAt = clock.now()
    let answer: ClaimAnswer
    try {
      answer = await this.#store.claim(claim, call)
      if (answer.type === 'granted') call.commit()
    } catch (error) {
      this.#giveBack.owe(claim)
      throw error
    }
    if (answer.type === 'held-by-other') this.#giveBack.settle()
    return answer.type === 'granted' ? this.#begin(claim, answer.fence, askedAt, onLost) : answer
  }

  #begin(
    claim: LeaseClaim,
    fence: bigint,
    askedAt: number,
    onLost: AcquireOptions['onLost'],
  ): ClaimAnswer {
    if (fence <= this.#highestFence) {
      this.#giveBack.owe(claim)
      return { type: 'failed', error: LeaseError.wentBack(this.name, fence, this.#highestFence) }
    }
    this.#giveBack.settle()
    this.#highestFence = fence
    this.#onLost = onLost
    this.#tenure = new Tenure(this.#store, this.#options, {
      claim,
      fence,
      askedAt,
      onLost: (reason, isGone) => this.#lost(claim, reason, isGone),
    })
    return { type: 'granted', fence }
  }

  #lost(claim: LeaseClaim, reason: Error, isGone: boolean): void {
    this.#tenure = undefined
    if (!isGone) this.#giveBack.owe(claim)
    this.#tell(reason)
  }

  /** Ends what is held, if anything is, by the wish of its owner. */
  #letGo(): void {
    const tenure = this.#tenure
    if (tenure === undefined) return
    tenure.end()
    this.#tenure = undefined
    this.#onLost = undefined
    this.#giveBack.owe(tenure.claim)
  }

  #tell(reason: Error): void {
    const onLost = this.#onLost
    this.#onLost = undefined
    try {
      onLost?.(reason)
    } catch (error) {
      this.#options.logger?.error({ lease: this.name, error }, 'A listener threw')
    }
  }
}
