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
import type { FreesRoom } from '@casty/persistence'
import type { ByteReader, ByteWriter } from '@casty/transport'
import { DDataError } from '../../errors.ts'
import {
  Refusal,
  type CallId,
  type Machine,
  type Outcome,
  type Surroundings,
} from '../../state/machine.ts'
import { inPieces } from '../../state/pieces.ts'
import { readSessionId, writeSessionId } from '../../state/sessions.ts'
import {
  leaseCalls,
  maxNameBytes,
  readAddress,
  readTimers,
  readWish,
  writeGrant,
  writeTimers,
  type LeaseAddress,
  type Wish,
} from './lease-calls.ts'
import { free, isIdle, isUsedBy, readPool, writePool, type Pool } from './pool.ts'
import { Pools } from './pools.ts'
import { readToken, writeToken } from './tokens.ts'
import { Turns } from './turns.ts'

const saved = { tokens: 1, pool: 2, freed: 3, away: 4 } as const

const ending: ReadonlySet<number> = new Set([
  leaseCalls.confirm,
  leaseCalls.release,
  leaseCalls.releaseAll,
  leaseCalls.evict,
  leaseCalls.destroy,
])

export class LeaseMachine implements Machine {
  readonly #isLock: boolean
  readonly #pools = new Pools()
  readonly #turns = new Turns()

  constructor(kind: 'lock' | 'semaphore') {
    this.#isLock = kind === 'lock'
  }

  /** Not once it has given a token: it must know how far it was. */
  get isEmpty(): boolean {
    return this.#turns.tokens.isNew && this.#pools.size === 0
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

  freesRoom(code: number): FreesRoom | undefined {
    return this.#pools.size > 0 && ending.has(code) ? 'later' : undefined
  }

  read(input: ByteReader, out: ByteWriter): void {
    const code = input.u8()
    if (code === leaseCalls.gone) {
      const isGone = (timer: number): boolean => this.#turns.whose(timer)?.type !== 'holder'
      writeTimers(out, readTimers(input).filter(isGone))
      return
    }
    const pool = this.#pools.at(readAddress(input))
    if (code === leaseCalls.available) out.varint(free(pool))
    else if (code === leaseCalls.holder) writeHolding(out, pool)
    else throw DDataError.malformed(`A read of a lock or semaphore has code ${code}`)
  }

  #acquire(
    call: CallId,
    address: LeaseAddress,
    wish: Wish,
    out: ByteWriter,
    around: Surroundings,
  ): Outcome {
    const pool = this.#pools.at(address)
    const { permits, owner, mayWait } = wish
    if (permits < 1) throw DDataError.malformed('No permits are asked for')
    if (permits > pool.size) {
      throw new Refusal('CASTY_DDATA_ARGUMENT', 'permits', pool.size, permits)
    }
    const isReentrant = this.#isLock && isUsedBy(pool, call.session, owner)
    if (isReentrant && mayWait) throw new Refusal('CASTY_DDATA_NOT_REENTRANT')
    if (!isReentrant && permits <= free(pool) && !this.#turns.hasQueue(pool)) {
      this.#pools.keep(pool)
      pool.taken += permits
      writeGrant(out, this.#turns.grant(pool, call.session, wish, around))
      return 'done'
    }
    if (!mayWait) {
      writeGrant(out, undefined)
      return 'done'
    }
    this.#pools.keep(pool)
    this.#turns.enqueue({ type: 'waiter', pool, call, wish, offer: undefined })
    return 'parked'
  }

  /** Offers what is free, and forgets what nobody uses. */
  #serve(pool: Pool, around: Surroundings): void {
    this.#turns.offer(pool, around)
    this.#pools.letGo(pool)
  }

  #serveAllOf(session: string, around: Surroundings): void {
    for (const pool of this.#pools.all()) {
      for (const { call } of pool.waiters) {
        if (call.session !== session) continue
        this.#serve(pool, around)
        break
      }
    }
  }

  #confirm(call: CallId, around: Surroundings): boolean {
    const grant = this.#turns.confirm(call, around)
    if (!grant) return false
    around.settle(call, (out) => writeGrant(out, grant))
    return true
  }

  #release(session: string, name: string, token: bigint, around: Surroundings): boolean {
    const pool = this.#pools.get(name)
    const holder = pool?.holders.get(token)
    if (!pool || holder?.session !== session) return false
    this.#turns.drop(holder, around)
    this.#serve(pool, around)
    return true
  }

  #releaseAll(session: string, around: Surroundings): void {
    for (const pool of this.#pools.all()) {
      for (const holder of pool.holders.values()) {
        if (holder.session === session) this.#turns.drop(holder, around)
      }
      for (const waiter of pool.waiters) {
        if (waiter.call.session !== session) continue
        this.#turns.refuse(waiter, new Refusal('CASTY_DDATA_CLOSED'), around)
      }
      this.#serve(pool, around)
    }
  }

  #evict(name: string, around: Surroundings): boolean {
    const pool = this.#pools.get(name)
    if (!pool || pool.holders.size === 0) return false
    for (const holder of pool.holders.values()) this.#turns.take(holder, around)
    this.#serve(pool, around)
    return true
  }

  #destroy(name: string, around: Surroundings): boolean {
    const pool = this.#pools.destroy(name)
    if (typeof pool === 'boolean') return pool
    for (const holder of pool.holders.values()) this.#turns.take(holder, around)
    for (const waiter of pool.waiters) {
      this.#turns.refuse(waiter, new Refusal('CASTY_DDATA_DESTROYED'), around)
    }
    return true
  }

  #resize(address: LeaseAddress, permits: number, around: Surroundings): number {
    if (this.#isLock || permits < 1) throw DDataError.malformed('A size is none')
    const pool = this.#pools.at(address)
    pool.size = permits
    if (!isIdle(pool)) this.#pools.keep(pool)
    for (const waiter of pool.waiters) {
      if (waiter.wish.permits <= permits) continue
      // It could wait for ever.
      const refusal = new Refusal('CASTY_DDATA_ARGUMENT', 'permits', permits, waiter.wish.permits)
      this.#turns.refuse(waiter, refusal, around)
    }
    this.#serve(pool, around)
    return permits
  }

  withdraw(call: CallId, around: Surroundings): void {
    const waiter = this.#turns.waiterOf(call)
    if (!waiter) return
    this.#turns.leave(waiter, around)
    this.#serve(waiter.pool, around)
  }

  timedOut(id: number, around: Surroundings): void {
    const whose = this.#turns.whose(id)
    if (whose?.type === 'holder') {
      this.#turns.take(whose, around)
      this.#serve(whose.pool, around)
    } else if (whose) {
      this.#turns.takeOfferBack(whose, around)
      this.wentAway(whose.call.session, around)
    }
  }

  wentAway(session: string, around: Surroundings): void {
    this.#turns.presences.wentAway(session)
    this.#serveAllOf(session, around)
  }

  isOffered(call: CallId): boolean {
    return this.#turns.waiterOf(call)?.offer !== undefined
  }

  isAway(session: string): boolean {
    return this.#turns.presences.isAway(session)
  }

  cameBack(session: string, around: Surroundings): void {
    if (this.#turns.presences.cameBack(session)) this.#serveAllOf(session, around)
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
    yield (out) => this.#turns.tokens.save(out.u8(saved.tokens))
    for (const pool of this.#pools.all()) yield (out) => writePool(out.u8(saved.pool), pool)
    for (const name of this.#pools.freedNames)
      yield (out) => out.u8(saved.freed).string(name, maxNameBytes)
    for (const session of this.#turns.presences.away) {
      yield (out) => writeSessionId(out.u8(saved.away), session)
    }
  }

  restore(piece: ByteReader): void {
    while (piece.remaining > 0) this.#restoreEntry(piece.u8(), piece)
  }

  #restoreEntry(what: number, from: ByteReader): void {
    switch (what) {
      case saved.tokens:
        this.#turns.tokens.restore(from)
        return
      case saved.pool:
        this.#restorePool(readPool(from))
        return
      case saved.freed:
        this.#pools.freed(from.string(maxNameBytes))
        return
      case saved.away:
        this.#turns.presences.wentAway(readSessionId(from))
        return
      default:
        throw DDataError.malformed('A saved lock is of a form that this version does not know')
    }
  }

  #restorePool(pool: Pool): void {
    this.#pools.keep(pool)
    this.#turns.restore(pool)
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
