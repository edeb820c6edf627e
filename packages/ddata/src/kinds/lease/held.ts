import type { Clock } from '@casty/clock'
import { DDataError } from '../../errors.ts'
import type { Grant, LeaseAddress } from './lease-calls.ts'

/**
 * How much of its time a holder relies on. The part counts from when it hears of the holder, and the holder from when it
 * said something: so it knows of its loss before anybody else can have the lease, as long as the clocks of both run
 * alike within a twentieth. Gray and Cheriton, "Leases", SOSP 1989, §5.
 */
const trusted = 0.95

export interface HeldTerms {
  readonly address: LeaseAddress
  /** For texts of errors: as in `lock deploy`. */
  readonly what: string
  readonly permits: number
  readonly ttlMs: number
  readonly isRenewed: boolean
}

/** A lease as its holder knows it. Mutable. */
export class Held implements Grant {
  readonly token: bigint
  readonly timer: number
  readonly terms: HeldTerms
  readonly #clock: Clock
  /** Made for who asks for its signal: that takes longer than the rest. */
  #controller?: AbortController
  #sentAt: number
  #end: DDataError | 'released' | undefined
  /** When to renew it next, by the clock of this process. */
  renewAt: number

  /** @param sentAt - when that was sent which it was granted for */
  constructor(grant: Grant, terms: HeldTerms, clock: Clock, sentAt: number) {
    this.token = grant.token
    this.timer = grant.timer
    this.terms = terms
    this.#clock = clock
    this.#sentAt = sentAt
    this.renewAt = terms.isRenewed ? sentAt : Infinity
  }

  /** Until when it is relied on if nothing more is heard. */
  get until(): number {
    return trustedUntil(this.#sentAt, this.terms.ttlMs)
  }

  /** What is left of that, in milliseconds. Not above 0: it is over. */
  get leftMs(): number {
    return this.#end === undefined ? this.until - this.#clock.now() : 0
  }

  get isHeld(): boolean {
    return this.leftMs > 0
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#end instanceof DDataError) this.#controller.abort(this.#end)
    }
    return this.#controller.signal
  }

  /** Why it is over, where it is. */
  get loss(): DDataError | undefined {
    if (this.#end instanceof DDataError) return this.#end
    const { what } = this.terms
    if (this.#end === 'released') return DDataError.leaseLost(what, 'it was released')
    return this.isHeld ? undefined : outOfTime(what)
  }

  /** Who keeps it has heard something that was sent then. */
  heard(sentAt: number): void {
    this.#sentAt = Math.max(this.#sentAt, sentAt)
  }

  released(): void {
    this.#end ??= 'released'
  }

  lose(why: DDataError = outOfTime(this.terms.what)): void {
    if (this.#end !== undefined) return
    this.#end = why
    this.#controller?.abort(why)
  }
}

export function trustedUntil(sentAt: number, ttlMs: number): number {
  return sentAt + ttlMs * trusted
}

function outOfTime(what: string): DDataError {
  return DDataError.leaseLost(what, 'its renewals were not answered in time')
}
