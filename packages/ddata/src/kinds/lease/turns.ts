// Who has permits, and whose turn it is next: those who wait are offered what is free, in order, unless they are away.
import { keyOf } from '../../state/call-id.ts'
import type { CallId, Refusal, Surroundings } from '../../state/machine.ts'
import { takenNotice, type Grant, type Wish } from './lease-calls.ts'
import { free, type Holder, type Pool, type Waiter } from './pool.ts'
import { Presences } from './presences.ts'
import { Tokens } from './tokens.ts'

export class Turns {
  readonly tokens: Tokens = new Tokens()
  readonly presences: Presences = new Presences()
  readonly #waiters = new Map<string, Waiter>()
  readonly #timers = new Map<number, Holder | Waiter>()

  /** Whose lease or offer a timer ends. */
  whose(timer: number): Holder | Waiter | undefined {
    return this.#timers.get(timer)
  }

  waiterOf(call: CallId): Waiter | undefined {
    return this.#waiters.get(keyOf(call))
  }

  /** Whether somebody waits who is there, and has no offer yet. */
  hasQueue({ waiters }: Pool): boolean {
    for (const { offer, call } of waiters) {
      if (offer === undefined && !this.presences.isAway(call.session)) return true
    }
    return false
  }

  /** Its permits are counted as taken already. */
  grant(pool: Pool, session: string, { owner, permits, ttlMs }: Wish, around: Surroundings): Grant {
    const token = this.tokens.next(around.epoch)
    const timer = around.nextCount()
    const holder: Holder = { type: 'holder', pool, token, session, owner, permits, timer }
    pool.holders.set(token, holder)
    this.#timers.set(timer, holder)
    around.startTimer(timer, ttlMs)
    return { token, timer }
  }

  enqueue(waiter: Waiter): void {
    const { pool, call } = waiter
    pool.waiters.add(waiter)
    this.#waiters.set(keyOf(call), waiter)
    this.presences.joined(call.session)
  }

  /** Whoever it is does not wait any more. */
  #dequeue(waiter: Waiter): void {
    const { pool, call } = waiter
    pool.waiters.delete(waiter)
    this.#waiters.delete(keyOf(call))
    this.presences.left(call.session)
  }

  takeOfferBack(waiter: Waiter, around: Surroundings): void {
    if (waiter.offer === undefined) return
    this.#timers.delete(waiter.offer)
    around.stopTimer(waiter.offer)
    waiter.pool.taken -= waiter.wish.permits
    waiter.offer = undefined
  }

  /** It waits no more, and its offer is for others. */
  leave(waiter: Waiter, around: Surroundings): void {
    this.takeOfferBack(waiter, around)
    this.#dequeue(waiter)
  }

  refuse(waiter: Waiter, refusal: Refusal, around: Surroundings): void {
    this.leave(waiter, around)
    around.refuse(waiter.call, refusal)
  }

  /** Who was offered permits has them. Undefined where it was not, or not any more. */
  confirm(call: CallId, around: Surroundings): Grant | undefined {
    const waiter = this.waiterOf(call)
    if (waiter?.offer === undefined) return undefined
    const { pool, offer, wish } = waiter
    this.#timers.delete(offer)
    around.stopTimer(offer)
    this.#dequeue(waiter)
    return this.grant(pool, call.session, wish, around)
  }

  drop(holder: Holder, around: Surroundings): void {
    const { pool, token, timer, permits } = holder
    pool.holders.delete(token)
    pool.taken -= permits
    this.#timers.delete(timer)
    around.stopTimer(timer)
  }

  /** Takes it from a holder that did not ask for that. */
  take(holder: Holder, around: Surroundings): void {
    this.drop(holder, around)
    around.notify(holder.session, (out) => out.u8(takenNotice).varint(holder.timer))
  }

  /** Offers what is free to those whose turn it is. */
  offer(pool: Pool, around: Surroundings): void {
    for (const waiter of pool.waiters) {
      const { offer, call, wish } = waiter
      if (offer !== undefined || this.presences.isAway(call.session)) continue
      if (wish.permits > free(pool)) break
      pool.taken += wish.permits
      waiter.offer = around.nextCount()
      this.#timers.set(waiter.offer, waiter)
      around.startTimer(waiter.offer, wish.offerTimeoutMs)
      around.offer(call)
    }
  }

  /** Those of one that was saved. */
  restore(pool: Pool): void {
    for (const holder of pool.holders.values()) this.#timers.set(holder.timer, holder)
    for (const waiter of pool.waiters) {
      this.enqueue(waiter)
      if (waiter.offer !== undefined) this.#timers.set(waiter.offer, waiter)
    }
  }
}
