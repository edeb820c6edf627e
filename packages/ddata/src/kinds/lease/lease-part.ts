// The leases of a process in one part: asks for them, keeps them, notices when it cannot, gives them back.
import type { Clock, Random } from '@casty/clock'
import type { ByteReader } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import { giveBackMs, type LaneListener } from '../../session/lane-port.ts'
import type { Lane } from '../../session/lane.ts'
import type { CallEnd, CallTerms } from '../../session/pending.ts'
import type { Explain } from '../../structures/part.ts'
import { Held, trustedUntil, type HeldTerms } from './held.ts'
import {
  acquireCall,
  confirmCall,
  goneCall,
  readGrant,
  readTimers,
  releaseAllCall,
  releaseCall,
  takenNotice,
  type Grant,
  type LeaseAddress,
  type Wish,
} from './lease-calls.ts'

export interface LeaseRequest {
  readonly wish: Wish
  readonly held: HeldTerms
  readonly terms: CallTerms
  readonly explain: Explain
}

export interface LeasePartPort {
  readonly clock: Clock
  readonly random: Random
  /** Has `look` called by then. */
  wake(at: number): void
  /** A renewal leaves. */
  renews(): void
}

/** A grant that came when it could not be relied on any more. */
const late = Symbol('late')
/** Where each answer takes longer than a lease lasts, more of them do not help. */
const maxTries = 5
/** Leases are renewed so many times in the time that they last, and more often where that is not answered. */
const renewalsPerTtl = 3
const retriesPerTtl = 10

/**
 * A process that holds something makes itself heard so often at least, in milliseconds: else it is forgotten what holds it. So
 * long may it take until it hears that something was taken from it, where its part did not know where to say so.
 */
const signOfLifeMs = 60_000
/** What is not renewed is asked about for so long, in milliseconds, until there is an answer. */
const askMs = 10_000

const nothing: CallEnd = { done: () => {}, refused: () => {}, failed: () => {} }

export class LeasePart {
  readonly #lane: Lane
  readonly #port: LeasePartPort
  readonly #held = new Map<number, Held>()
  /** Renewals that are not answered yet. */
  readonly #renewals = new Map<
    number,
    { readonly sentAt: number; readonly leases: readonly Held[] }
  >()
  /** Timers that ended before their grants were heard of. */
  readonly #takenEarly = new Set<number>()
  #renewal = 0
  /** When something is said at the latest, where it holds something. */
  #sayAt = Infinity
  #asking = 0
  #isClosed = false

  constructor(lane: Lane, port: LeasePartPort) {
    this.#lane = lane
    this.#port = port
    lane.listen(this.#listener)
  }

  /** How many leases it has. */
  get size(): number {
    return this.#held.size
  }

  /**
   * @returns undefined where it was not to be waited for, and would have had to. Rejects with DDataError, `…_LEASE_LOST`
   * where grants come later than they last
   */
  async acquire(request: LeaseRequest): Promise<Held | undefined> {
    const { what, signal } = request.terms
    for (let tries = 0; tries < maxTries; tries++) {
      // eslint-disable-next-line no-await-in-loop -- One after the other is what is wanted.
      const outcome = await this.#ask(request)
      if (outcome !== late) return outcome
      if (signal?.aborted) throw DDataError.aborted(what, 'no', signal.reason)
      if (this.#isClosed) throw DDataError.closed(what)
    }
    throw DDataError.leaseLost(request.held.what, 'it was always granted too late to be of use')
  }

  #ask(request: LeaseRequest): Promise<Held | undefined | typeof late> {
    const { wish, held, terms, explain } = request
    const { address } = held
    this.#asking += 1
    return new Promise((resolve, reject) => {
      const asked = this.#port.clock.now()
      let confirmed: number | undefined
      let waits = false
      let isConfirming = false
      const confirm = (): void => {
        if (isConfirming || this.#isClosed) return
        isConfirming = true
        confirmed ??= this.#port.clock.now()
        this.#confirm(number, terms.what, (isAccepted) => {
          isConfirming = false
          if (isAccepted === false) confirmed = undefined
        })
      }
      const fail = (error: unknown): void => {
        this.#asked()
        reject(error)
      }
      const done = (from: ByteReader, gaveUp?: DDataError): void => {
        try {
          // Who waits gets nothing but what it takes. One of whom that was never written may have it since it asked.
          const sentAt = waits && confirmed !== undefined ? confirmed : asked
          resolve(this.#granted(request, readGrant(from), sentAt, gaveUp))
          this.#asked()
        } catch (error) {
          fail(error)
        }
      }
      const end: CallEnd = {
        done,
        refused: (refusal) => fail(explain(refusal)),
        failed: fail,
        parked: () => (waits = true),
        offered: confirm,
        // Who would not wait for a turn does not wait to hear that there is none: what comes is given back.
        givesUp: wish.mayWait ? undefined : reject,
        late: (from) => {
          const grant = readGrant(from)
          if (grant) this.#giveBack(address, grant)
        },
      }
      const number = this.#lane.call(acquireCall(address, wish), terms, end, true)
    })
  }

  #asked(): void {
    this.#asking -= 1
    if (this.#asking === 0) this.#takenEarly.clear()
  }

  /** Says that it is still there. What it has then comes as the answer of what it waits for. */
  #confirm(acquire: number, what: string, end: (isAccepted: boolean | undefined) => void): void {
    const terms: CallTerms = { what: `a sign of life from ${what}`, timeoutMs: Infinity }
    this.#lane.call(confirmCall(acquire), terms, {
      done: (from) => end(from.bool()),
      refused: () => end(undefined),
      failed: () => end(undefined),
    })
  }

  #granted(
    { wish, terms, held }: LeaseRequest,
    grant: Grant | undefined,
    sentAt: number,
    gaveUp: DDataError | undefined,
  ): Held | undefined | typeof late {
    const { clock } = this.#port
    const { address } = held
    const { what, signal } = terms
    const refused =
      gaveUp ??
      (signal?.aborted ? DDataError.aborted(what, 'no', signal.reason) : undefined) ??
      (this.#isClosed ? DDataError.closed(what) : undefined)
    if (refused) {
      if (grant) this.#giveBack(address, grant)
      throw refused
    }
    if (!grant) return undefined
    if (this.#takenEarly.has(grant.timer)) return late
    if (clock.now() >= trustedUntil(sentAt, wish.ttlMs)) {
      this.#giveBack(address, grant)
      return late
    }
    const lease = new Held(grant, held, clock, sentAt)
    if (this.#held.size === 0) this.#sayAt = sentAt + signOfLifeMs
    this.#held.set(grant.timer, lease)
    if (held.isRenewed) lease.renewAt = sentAt + this.#intervalMs(lease)
    this.#port.wake(Math.min(lease.until, lease.renewAt, this.#sayAt))
    return lease
  }

  /** Not in step with anything else that happens at regular times. */
  #intervalMs({ terms: { ttlMs } }: Held): number {
    return (ttlMs / renewalsPerTtl) * (1 - this.#port.random() / 10)
  }

  /** So that others need not wait until it runs out. */
  #giveBack(address: LeaseAddress, { token }: { readonly token: bigint }): void {
    const terms = { what: `the return of what ${address.name} granted`, timeoutMs: Infinity }
    this.#lane.call(releaseCall(address, token), terms, nothing)
  }

  /** @returns whether it was still held. From now on it is not renewed. */
  release(lease: Held, terms: CallTerms, explain: Explain): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    return new Promise((resolve, reject) => {
      // Called while it is held: after minutes of silence the call begins a new session otherwise, which holds nothing.
      this.#lane.call(releaseCall(lease.terms.address, lease.token), terms, {
        done: (from) => resolve(from.bool()),
        refused: (refusal) => reject(explain(refusal)),
        failed: reject,
      })
      this.#held.delete(lease.timer)
      lease.released()
    })
  }

  /** Does what is due. @returns when to look again */
  look(now: number): number {
    for (const lease of this.#held.values()) {
      if (lease.until > now) continue
      // It may be that only the answers are lost: said under the session that held it.
      this.#giveBack(lease.terms.address, lease)
      this.#lose(lease)
    }
    if (this.#held.size === 0) return Infinity
    let next = this.#sayAt
    for (const { until, renewAt } of this.#held.values()) next = Math.min(next, until, renewAt)
    return next <= now ? this.#renew(now) : next
  }

  /** All of them at once. @returns when to look again */
  #renew(now: number): number {
    const leases: Held[] = []
    const others: Held[] = []
    for (const lease of this.#held.values()) {
      if (lease.terms.isRenewed) {
        leases.push(lease)
        lease.renewAt = now + lease.terms.ttlMs / retriesPerTtl
      } else others.push(lease)
    }
    const isDue = now >= this.#sayAt
    // Renewals are signs of life as well, of all but those that are not renewed.
    if (isDue || others.length === 0) this.#sayAt = now + signOfLifeMs
    if (isDue && others.length > 0) this.#askAbout(others)
    if (leases.length > 0) this.#sendRenewal(leases, now)
    let next = this.#sayAt
    for (const { until, renewAt } of this.#held.values()) next = Math.min(next, until, renewAt)
    return next
  }

  /** Leases that are to end with their time: asking about them must not prolong it. */
  #askAbout(leases: readonly Held[]): void {
    const terms = { what: 'a look at what is held', timeoutMs: askMs }
    this.#lane.read(goneCall(leases.map(({ timer }) => timer)), terms, {
      done: (from) => {
        const gone = new Set(readTimers(from))
        // By now others may have the same numbers, where all who remembered them are lost.
        for (const lease of leases) {
          if (gone.has(lease.timer) && this.#held.get(lease.timer) === lease)
            this.#taken(lease.timer)
        }
      },
      refused: () => {}, // By a former version: then it ends with its time.
      failed: () => {},
    })
  }

  #sendRenewal(leases: readonly Held[], now: number): void {
    const number = ++this.#renewal
    this.#renewals.set(number, { sentAt: now, leases })
    this.#lane.post({ type: 'renew', number, timers: leases.map(({ timer }) => timer) })
    this.#port.renews()
  }

  #renewed(number: number): void {
    const renewal = this.#renewals.get(number)
    for (const earlier of this.#renewals.keys()) {
      if (earlier <= number) this.#renewals.delete(earlier)
    }
    for (const lease of renewal?.leases ?? []) {
      if (!renewal || this.#held.get(lease.timer) !== lease || !lease.isHeld) continue
      lease.heard(renewal.sentAt)
      lease.renewAt = renewal.sentAt + this.#intervalMs(lease)
      this.#port.wake(Math.min(lease.until, lease.renewAt))
    }
  }

  #lose(lease: Held, why?: DDataError): void {
    this.#held.delete(lease.timer)
    lease.lose(why)
    if (this.#held.size === 0) this.#renewals.clear()
  }

  #taken(timer: number): void {
    const lease = this.#held.get(timer)
    if (lease) this.#lose(lease, DDataError.leaseLost(lease.terms.what, 'it was taken, or ran out'))
    else if (this.#asking > 0) this.#takenEarly.add(timer)
  }

  readonly #listener: LaneListener = {
    holds: () => this.#held.size > 0,
    lost: (timers) => {
      for (const timer of timers) this.#taken(timer)
    },
    renewed: (renewal) => this.#renewed(renewal),
    notice: (notice) => {
      if (notice.u8() === takenNotice) this.#taken(notice.varint())
    },
    change: () => {},
    forgotten: () => {
      for (const lease of this.#held.values()) {
        this.#lose(lease, DDataError.leaseLost(lease.terms.what, 'nobody knows of it any more'))
      }
    },
  }

  /** Gives back all of them, and what is asked for. Settles in a few seconds, whoever answers. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#held.size === 0 && !this.#lane.isCalling) return
    const terms = { what: 'the return of all leases', timeoutMs: giveBackMs }
    await new Promise<void>((resolve) => {
      const end = (): void => resolve()
      // Called while they are held, as one that is released.
      this.#lane.call(releaseAllCall(), terms, { done: end, refused: end, failed: end })
      for (const lease of this.#held.values()) {
        this.#lose(lease, DDataError.closed(lease.terms.what))
      }
    })
  }
}
