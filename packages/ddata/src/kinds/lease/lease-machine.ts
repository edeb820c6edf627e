// Locks and semaphores of one part. A lock is a semaphore of one permit that no handle has twice.
//
// Permits are leases: a timer ends each of them, unless its holder renews it, which leaves no trace. Whoever waits keeps
// its place, and is *offered* permits when its turn has come: it has them once it says that it is there. One that does
// not say so in time costs the others that much once. From then on its session is taken to be away, and those behind
// it come before it, until the session is heard of again.
//
// Gray and Cheriton, "Leases: an efficient fault-tolerant mechanism for distributed file cache consistency", SOSP 1989,
// §2; waiting in order as in Mellor-Crummey and Scott, "Algorithms for scalable synchronization on shared-memory
// multiprocessors", TOCS 9(1), 1991, §2.
import type { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import {
  Refusal,
  type CallId,
  type Machine,
  type Outcome,
  type Surroundings,
} from '../../state/machine.ts'
import { keyOf } from '../../state/call-id.ts'
import { inPieces } from '../../state/pieces.ts'
import { readSessionId, writeSessionId } from '../../state/sessions.ts'
import {
  leaseCalls,
  maxNameBytes,
  readAddress,
  readWish,
  takenNotice,
  writeGrant,
  type Grant,
  type LeaseAddress,
  type Wish,
} from './lease-calls.ts'
import {
  checkAddress,
  free,
  isIdle,
  isUsedBy,
  newPool,
  readPool,
  writePool,
  type Holder,
  type Pool,
  type Waiter,
} from './pool.ts'
import { readToken, Tokens, writeToken } from './tokens.ts'

/** Names of free ones that are kept, so that `destroy` can say whether there was one. The oldest go first. */
const maxFreed = 256

/** A session that has waiters here. */
interface Presence {
  waiters: number
  isAway: boolean
}

const saved = { tokens: 1, pool: 2, freed: 3, away: 4 } as const

export class LeaseMachine implements Machine {
  readonly #isLock: boolean
  readonly #tokens = new Tokens()
  /** Those that are not idle. */
  readonly #pools = new Map<string, Pool>()
  readonly #waiters = new Map<string, Waiter>()
  readonly #timers = new Map<number, Holder | Waiter>()
  readonly #presences = new Map<string, Presence>()
  readonly #freed = new Set<string>()

  constructor(kind: 'lock' | 'semaphore') {
    this.#isLock = kind === 'lock'
  }

  /** Not once it has given a token: it must know how far it was. */
  get isEmpty(): boolean {
    return this.#tokens.isNew && this.#pools.size === 0
  }

  execute(call: CallId, input: ByteReader, out: ByteWriter, around: Surroundings): Outcome {
    const code = input.u8()
    switch (code) {
      case leaseCalls.acquire:
        return this.#acquire(call, readAddress(input), readWish(input), out, around)
      case leaseCalls.confirm:
        out.bool(this.#confirm({ session: call.session, number: input.varint() }, around))
        return 'done'
      case leaseCalls.release: {
        const { name } = readAddress(input)
        out.bool(this.#release(call.session, name, readToken(input), around))
        return 'done'
      }
      case leaseCalls.releaseAll:
        this.#releaseAll(call.session, around)
        return 'done'
      case leaseCalls.evict:
        out.bool(this.#evict(readAddress(input).name, around))
        return 'done'
      case leaseCalls.destroy:
        out.bool(this.#destroy(readAddress(input).name, around))
        return 'done'
      case leaseCalls.resize:
        out.varint(this.#resize(readAddress(input), input.varint(), around))
        return 'done'
      default:
        throw DDataError.malformed(`A call of a lock or semaphore has code ${code}`)
    }
  }

  read(input: ByteReader, out: ByteWriter): void {
    const code = input.u8()
    const pool = this.#poolOf(readAddress(input))
    if (code === leaseCalls.available) out.varint(free(pool))
    else if (code === leaseCalls.holder) writeHolding(out, pool)
    else throw DDataError.malformed(`A read of a lock or semaphore has code ${code}`)
  }

  /** One that is idle is made anew, and not kept. @throws Refusal `CASTY_DDATA_CONFIG_MISMATCH` */
  #poolOf(address: LeaseAddress): Pool {
    const known = this.#pools.get(address.name)
    if (!known) return newPool(address)
    checkAddress(known, address)
    return known
  }

  #acquire(
    call: CallId,
    address: LeaseAddress,
    wish: Wish,
    out: ByteWriter,
    around: Surroundings,
  ): Outcome {
    const pool = this.#poolOf(address)
    const { permits, owner, mayWait } = wish
    if (permits < 1) throw DDataError.malformed('No permits are asked for')
    if (permits > pool.size) {
      throw new Refusal('CASTY_DDATA_ARGUMENT', 'permits', pool.size, permits)
    }
    const isReentrant = this.#isLock && isUsedBy(pool, call.session, owner)
    if (isReentrant && mayWait) throw new Refusal('CASTY_DDATA_NOT_REENTRANT')
    if (!isReentrant && permits <= free(pool) && !this.#hasQueue(pool)) {
      this.#keep(pool)
      pool.taken += permits
      writeGrant(out, this.#grant(pool, call.session, wish, around))
      return 'done'
    }
    if (!mayWait) {
      writeGrant(out, undefined)
      return 'done'
    }
    this.#keep(pool)
    this.#enqueue({ type: 'waiter', pool, call, wish, offer: undefined })
    return 'parked'
  }

  /** Whether somebody waits who is there, and has no offer yet. */
  #hasQueue({ waiters }: Pool): boolean {
    for (const { offer, call } of waiters) {
      if (offer === undefined && !this.isAway(call.session)) return true
    }
    return false
  }

  #keep(pool: Pool): void {
    this.#pools.set(pool.name, pool)
    this.#freed.delete(pool.name)
  }

  /** Its permits are counted as taken already. */
  #grant(
    pool: Pool,
    session: string,
    { owner, permits, ttlMs }: Wish,
    around: Surroundings,
  ): Grant {
    const token = this.#tokens.next(around.epoch)
    const timer = around.nextCount()
    const holder: Holder = { type: 'holder', pool, token, session, owner, permits, timer }
    pool.holders.set(token, holder)
    this.#timers.set(timer, holder)
    around.startTimer(timer, ttlMs)
    return { token, timer }
  }

  #enqueue(waiter: Waiter): void {
    const { pool, call } = waiter
    pool.waiters.add(waiter)
    this.#waiters.set(keyOf(call), waiter)
    const presence = this.#presences.get(call.session) ?? { waiters: 0, isAway: false }
    presence.waiters += 1
    this.#presences.set(call.session, presence)
  }

  /** Whoever it is does not wait any more. */
  #dequeue(waiter: Waiter): void {
    const { pool, call } = waiter
    pool.waiters.delete(waiter)
    this.#waiters.delete(keyOf(call))
    const presence = this.#presences.get(call.session)
    if (!presence) return
    presence.waiters -= 1
    if (presence.waiters === 0) this.#presences.delete(call.session)
  }

  #takeOfferBack(waiter: Waiter, around: Surroundings): void {
    if (waiter.offer === undefined) return
    this.#timers.delete(waiter.offer)
    around.stopTimer(waiter.offer)
    waiter.pool.taken -= waiter.wish.permits
    waiter.offer = undefined
  }

  #drop(holder: Holder, around: Surroundings): void {
    const { pool, token, timer, permits } = holder
    pool.holders.delete(token)
    pool.taken -= permits
    this.#timers.delete(timer)
    around.stopTimer(timer)
  }

  /** Takes it from a holder that did not ask for that. */
  #take(holder: Holder, around: Surroundings): void {
    this.#drop(holder, around)
    around.notify(holder.session, (out) => out.u8(takenNotice).varint(holder.timer))
  }

  /** Offers what is free to those whose turn it is, and forgets what nobody uses. */
  #serve(pool: Pool, around: Surroundings): void {
    for (const waiter of pool.waiters) {
      const { offer, call, wish } = waiter
      if (offer !== undefined || this.isAway(call.session)) continue
      if (wish.permits > free(pool)) break
      pool.taken += wish.permits
      waiter.offer = around.nextCount()
      this.#timers.set(waiter.offer, waiter)
      around.startTimer(waiter.offer, wish.offerTimeoutMs)
      around.offer(call)
    }
    if (!isIdle(pool) || !this.#pools.delete(pool.name)) return
    this.#freed.delete(pool.name)
    this.#freed.add(pool.name)
    if (this.#freed.size <= maxFreed) return
    for (const oldest of this.#freed) {
      this.#freed.delete(oldest)
      return
    }
  }

  #serveAllOf(session: string, around: Surroundings): void {
    for (const pool of this.#pools.values()) {
      for (const { call } of pool.waiters) {
        if (call.session !== session) continue
        this.#serve(pool, around)
        break
      }
    }
  }

  #confirm(call: CallId, around: Surroundings): boolean {
    const waiter = this.#waiters.get(keyOf(call))
    if (waiter?.offer === undefined) return false
    const { pool, offer, wish } = waiter
    this.#timers.delete(offer)
    around.stopTimer(offer)
    this.#dequeue(waiter)
    const grant = this.#grant(pool, call.session, wish, around)
    around.settle(call, (out) => writeGrant(out, grant))
    return true
  }

  #release(session: string, name: string, token: bigint, around: Surroundings): boolean {
    const pool = this.#pools.get(name)
    const holder = pool?.holders.get(token)
    if (!pool || holder?.session !== session) return false
    this.#drop(holder, around)
    this.#serve(pool, around)
    return true
  }

  #releaseAll(session: string, around: Surroundings): void {
    for (const pool of this.#pools.values()) {
      for (const holder of pool.holders.values()) {
        if (holder.session === session) this.#drop(holder, around)
      }
      for (const waiter of pool.waiters) {
        if (waiter.call.session === session) this.#refuse(waiter, 'CASTY_DDATA_CLOSED', around)
      }
      this.#serve(pool, around)
    }
  }

  #refuse(
    waiter: Waiter,
    code: 'CASTY_DDATA_CLOSED' | 'CASTY_DDATA_DESTROYED',
    around: Surroundings,
  ): void {
    this.#takeOfferBack(waiter, around)
    this.#dequeue(waiter)
    around.refuse(waiter.call, new Refusal(code))
  }

  #evict(name: string, around: Surroundings): boolean {
    const pool = this.#pools.get(name)
    if (!pool || pool.holders.size === 0) return false
    for (const holder of pool.holders.values()) this.#take(holder, around)
    this.#serve(pool, around)
    return true
  }

  #destroy(name: string, around: Surroundings): boolean {
    const pool = this.#pools.get(name)
    if (!pool) return this.#freed.delete(name)
    this.#pools.delete(name)
    for (const holder of pool.holders.values()) this.#take(holder, around)
    for (const waiter of pool.waiters) this.#refuse(waiter, 'CASTY_DDATA_DESTROYED', around)
    return true
  }

  #resize(address: LeaseAddress, permits: number, around: Surroundings): number {
    if (this.#isLock || permits < 1) throw DDataError.malformed('A size is none')
    const pool = this.#poolOf(address)
    pool.size = permits
    if (!isIdle(pool)) this.#keep(pool)
    for (const waiter of pool.waiters) {
      if (waiter.wish.permits <= permits) continue
      // It could wait for ever.
      this.#takeOfferBack(waiter, around)
      this.#dequeue(waiter)
      const refusal = new Refusal('CASTY_DDATA_ARGUMENT', 'permits', permits, waiter.wish.permits)
      around.refuse(waiter.call, refusal)
    }
    this.#serve(pool, around)
    return permits
  }

  withdraw(call: CallId, around: Surroundings): void {
    const waiter = this.#waiters.get(keyOf(call))
    if (!waiter) return
    this.#takeOfferBack(waiter, around)
    this.#dequeue(waiter)
    this.#serve(waiter.pool, around)
  }

  timedOut(id: number, around: Surroundings): void {
    const whose = this.#timers.get(id)
    if (whose?.type === 'holder') {
      this.#take(whose, around)
      this.#serve(whose.pool, around)
    } else if (whose) {
      this.#takeOfferBack(whose, around)
      this.wentAway(whose.call.session, around)
    }
  }

  wentAway(session: string, around: Surroundings): void {
    const presence = this.#presences.get(session)
    if (presence) presence.isAway = true
    this.#serveAllOf(session, around)
  }

  isOffered(call: CallId): boolean {
    return this.#waiters.get(keyOf(call))?.offer !== undefined
  }

  isAway(session: string): boolean {
    return this.#presences.get(session)?.isAway === true
  }

  cameBack(session: string, around: Surroundings): void {
    const presence = this.#presences.get(session)
    if (!presence?.isAway) return
    presence.isAway = false
    this.#serveAllOf(session, around)
  }

  due(): number {
    return Infinity
  }

  advance(): void {}

  /** Written down at once, since pools change. */
  save(pieceBytes: number): Iterable<Uint8Array> {
    return [...inPieces(this.#entries(), pieceBytes, (out, write) => write(out))]
  }

  *#entries(): Iterable<(out: ByteWriter) => void> {
    yield (out) => this.#tokens.save(out.u8(saved.tokens))
    for (const pool of this.#pools.values()) yield (out) => writePool(out.u8(saved.pool), pool)
    for (const name of this.#freed) yield (out) => out.u8(saved.freed).string(name, maxNameBytes)
    const away = [...this.#presences.keys()].filter((session) => this.isAway(session))
    for (const session of away.sort()) {
      yield (out) => writeSessionId(out.u8(saved.away), session)
    }
  }

  restore(piece: ByteReader): void {
    while (piece.remaining > 0) this.#restoreEntry(piece.u8(), piece)
  }

  #restoreEntry(what: number, from: ByteReader): void {
    switch (what) {
      case saved.tokens:
        this.#tokens.restore(from)
        return
      case saved.pool:
        this.#restorePool(readPool(from))
        return
      case saved.freed:
        this.#freed.add(from.string(maxNameBytes))
        return
      case saved.away: {
        const presence = this.#presences.get(readSessionId(from))
        if (presence) presence.isAway = true
        return
      }
      default:
        throw DDataError.malformed('A saved lock is of a form that this version does not know')
    }
  }

  #restorePool(pool: Pool): void {
    this.#pools.set(pool.name, pool)
    for (const holder of pool.holders.values()) this.#timers.set(holder.timer, holder)
    for (const waiter of pool.waiters) {
      this.#enqueue(waiter)
      if (waiter.offer !== undefined) this.#timers.set(waiter.offer, waiter)
    }
  }
}

function writeHolding(out: ByteWriter, { holders, waiters }: Pool): void {
  const [holder] = holders.values()
  out.bool(holder !== undefined)
  if (!holder) return
  writeSessionId(out, holder.session)
  writeToken(out, holder.token)
  out.varint(waiters.size)
}
