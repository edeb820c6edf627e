// Leases in memory: a whole store, with a network before it that can be late, cut and silent. It
// carries requests out by a clock of its own, as a database would.
import { systemClock, type Clock } from '@casty/clock'
import { SbrError } from '../errors.ts'
import { LeaseError } from '../lease-error.ts'
import { knownNames } from '../option-values.ts'
import { orAborted } from './call.ts'
import { createLease, type StoredLease } from './create-lease.ts'
import { leaseOptionNames, type LeaseOptions } from './lease-options.ts'
import type { ClaimAnswer, LeaseClaim, LeaseStore, TimedClaim } from './lease-store.ts'
import {
  ProgrammedAnswers,
  type LeaseRequest,
  type ProgrammedAnswer,
  type RequestFilter,
} from './programmed-answers.ts'

export interface InMemoryLeasesOptions {
  /** The store's own clock, by which leases run out. @defaultValue systemClock */
  readonly clock?: Clock
  /** Milliseconds that a request takes to the store, and its answer back. @defaultValue 0 */
  readonly latencyMs?: number
}

/** Who holds a lease, as the store knows it. */
export interface LeaseHolder {
  readonly owner: string
  readonly fence: bigint
  /** Until it runs out, by the store's clock; above 0. */
  readonly remainingMs: number
}

interface Row {
  readonly owner: string
  readonly session: string
  readonly attempt: number
  readonly fence: bigint
  readonly expiresAt: number
}

/** What of an owner's traffic with the store is lost. */
export type LeaseCut = 'requests' | 'answers'

/**
 * A store of leases in memory, for tests, simulations and owners that share a process. Every lease of
 * it comes from `inMemoryLease`.
 *
 * It answers as the state demands, unless told otherwise: `answerNext` programs single answers, `cut`
 * loses all of an owner's, `take` takes a lease away. It never forgets a fencing number.
 */
export class InMemoryLeases implements LeaseStore {
  readonly clock: Clock
  readonly #latencyMs: number
  readonly #rows = new Map<string, Row>()
  readonly #programmed = new ProgrammedAnswers()
  readonly #cuts = new Map<string, ReadonlySet<LeaseCut>>()
  #sessions = 0

  constructor({ clock = systemClock, latencyMs = 0 }: InMemoryLeasesOptions = {}) {
    if (!(Number.isFinite(latencyMs) && latencyMs >= 0)) {
      throw SbrError.invalidOption(
        'InMemoryLeases',
        'latencyMs',
        latencyMs,
        'a number of milliseconds from 0 on',
      )
    }
    this.clock = clock
    this.#latencyMs = latencyMs
  }

  /** Who holds the lease at this moment, if anybody does. */
  holder(name: string): LeaseHolder | undefined {
    const row = this.#rows.get(name)
    if (row === undefined || row.expiresAt <= this.clock.now()) return undefined
    return { owner: row.owner, fence: row.fence, remainingMs: row.expiresAt - this.clock.now() }
  }

  /**
   * Programs the answer to one request: the next to acquire, unless `filter` says otherwise. Several
   * wait in line.
   *
   * @example leases.answerNext({ type: 'late', byMs: 7_000 }, { owner: 'a' })
   */
  answerNext(answer: ProgrammedAnswer, filter: RequestFilter = {}): void {
    this.#programmed.add(answer, filter)
  }

  /** Programmed answers that no request has met yet. */
  get programmedAnswers(): number {
    return this.#programmed.size
  }

  /**
   * Takes the lease away from whoever holds it, as an administrator could. The holder learns of it
   * with its next heartbeat, or at once when it is told to `renew()`.
   */
  take(name: string): void {
    this.#free(name)
  }

  /** Loses what an owner sends, what it is answered, or by default both, until `mend`. */
  cut(owner: string, direction?: LeaseCut): void {
    const lost = direction === undefined ? (['requests', 'answers'] as const) : [direction]
    this.#cuts.set(owner, new Set(lost))
  }

  /** Ends a cut. What was lost stays lost. */
  mend(owner: string): void {
    this.#cuts.delete(owner)
  }

  /** Ends all cuts, and forgets the programmed answers that no request has met. */
  heal(): void {
    this.#cuts.clear()
    this.#programmed.clear()
  }

  /** A name that no other session of this store has. */
  newSession(): string {
    return String(++this.#sessions)
  }

  async claim(claim: TimedClaim, signal: AbortSignal): Promise<ClaimAnswer> {
    const voidAt = this.clock.now() + claim.withinMs
    return await this.#carry('acquire', claim, signal, {
      carryOut: () => this.#claim(claim, voidAt),
      granted: () => this.#grant(claim),
      denied: () => ({ type: 'held-by-other' }),
      failed: (error) => ({ type: 'failed', error }),
    })
  }

  async renew(claim: LeaseClaim, signal: AbortSignal): Promise<boolean> {
    return await this.#carry('renew', claim, signal, {
      carryOut: () => this.#isHeldBy(claim, 'exactly') && this.#prolong(claim),
      granted: () => this.#grant(claim).type === 'granted',
      denied: () => false,
      failed: fail,
    })
  }

  async release(claim: LeaseClaim, signal: AbortSignal): Promise<void> {
    await this.#carry('release', claim, signal, {
      carryOut: () => this.#isHeldBy(claim, 'or-earlier') && this.#free(claim.name),
      granted: () => this.#free(claim.name),
      denied: () => undefined,
      failed: fail,
    })
  }

  #claim(claim: TimedClaim, voidAt: number): ClaimAnswer {
    if (this.clock.now() >= voidAt) {
      return { type: 'failed', error: LeaseError.timeout(claim.name, claim.withinMs) }
    }
    const isFree = this.holder(claim.name) === undefined
    if (isFree || this.#isHeldBy(claim, 'or-earlier')) return this.#grant(claim)
    return { type: 'held-by-other' }
  }

  #grant({ name, owner, session, attempt, ttlMs }: LeaseClaim): ClaimAnswer {
    const fence = (this.#rows.get(name)?.fence ?? 0n) + 1n
    this.#rows.set(name, { owner, session, attempt, fence, expiresAt: this.clock.now() + ttlMs })
    return { type: 'granted', fence }
  }

  #prolong({ name, ttlMs }: LeaseClaim): boolean {
    const row = this.#rows.get(name)
    if (row) this.#rows.set(name, { ...row, expiresAt: this.clock.now() + ttlMs })
    return row !== undefined
  }

  #free(name: string): void {
    const row = this.#rows.get(name)
    if (row) this.#rows.set(name, { ...row, expiresAt: -Infinity })
  }

  #isHeldBy(claim: LeaseClaim, attempts: 'exactly' | 'or-earlier'): boolean {
    const row = this.#rows.get(claim.name)
    if (row?.session !== claim.session || this.holder(claim.name) === undefined) return false
    return attempts === 'exactly' ? row.attempt === claim.attempt : row.attempt <= claim.attempt
  }

  /** A request on its way, what becomes of it, and the answer on its way back. */
  #carry<T>(
    request: LeaseRequest,
    { owner }: LeaseClaim,
    signal: AbortSignal,
    outcomes: Outcomes<T>,
  ): Promise<T> {
    const travel = async (): Promise<T> => {
      const answer = this.#programmed.take(request, owner)
      if (this.#isCut(owner, 'requests')) return await silence()
      await this.#pass(this.#latencyMs + (answer?.type === 'delayed' ? answer.byMs : 0))
      const isCarriedOut = answer?.type !== 'unanswered' || answer.carriedOut !== false
      const outcome = isCarriedOut ? outcomeOf(request, answer, outcomes) : silence
      if (answer?.type === 'unanswered' || this.#isCut(owner, 'answers')) return await silence()
      await this.#pass(this.#latencyMs + (answer?.type === 'late' ? answer.byMs : 0))
      return await outcome()
    }
    return orAborted(signal, travel())
  }

  #isCut(owner: string, direction: LeaseCut): boolean {
    return this.#cuts.get(owner)?.has(direction) === true
  }

  #pass(ms: number): Promise<void> | undefined {
    if (ms === 0) return undefined
    return new Promise((resolve) => {
      this.clock.schedule(ms, resolve)
    })
  }
}

/** What a request can come to. All but `failed` is done at once, when the request is carried out. */
interface Outcomes<T> {
  readonly carryOut: () => T
  readonly granted: () => T
  readonly denied: () => T
  /** Called when the answer has arrived; it may throw. */
  readonly failed: (error: Error) => T
}

/** Carries the request out, and returns what its answer says when it arrives. */
function outcomeOf<T>(
  request: LeaseRequest,
  answer: ProgrammedAnswer | undefined,
  outcomes: Outcomes<T>,
): () => T {
  if (answer?.type === 'failed') {
    const error = answer.error ?? new Error(`This request to ${request} was programmed to fail.`)
    return () => outcomes.failed(error)
  }
  const isAsProgrammed = answer?.type === 'granted' || answer?.type === 'denied'
  const outcome = isAsProgrammed ? outcomes[answer.type]() : outcomes.carryOut()
  return () => outcome
}

function silence(): Promise<never> {
  return new Promise(() => {})
}

function fail(error: Error): never {
  throw error
}

export interface InMemoryLeaseOptions extends LeaseOptions {
  /** The store, shared by all that exclude each other. */
  readonly leases: InMemoryLeases
  /** The holder's clock; it may run differently from the store's. @defaultValue the store's */
  readonly clock?: Clock
}

/**
 * A lease in memory, held by the same rules as one in a database.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 * @example
 * const leases = new InMemoryLeases({ clock })
 * const lease = inMemoryLease({ leases, name: 'shop-sbr', owner: '10.0.0.1:2551' })
 */
export function inMemoryLease(given: InMemoryLeaseOptions): StoredLease {
  knownNames('inMemoryLease()', given, ['leases', ...leaseOptionNames])
  const { leases, ...options } = given
  if (!(leases instanceof InMemoryLeases))
    throw SbrError.invalidOption('inMemoryLease()', 'leases', leases, 'an InMemoryLeases')
  return createLease(leases, { clock: leases.clock, ...options, session: leases.newSession() })
}
