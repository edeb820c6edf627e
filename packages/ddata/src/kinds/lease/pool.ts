// What is known of one lock or semaphore: who has permits, and who waits for some.
import type { ByteReader, ByteWriter } from '@casty/transport'
import { Refusal, type CallId } from '../../state/machine.ts'
import { readCallId, writeCallId } from '../../state/call-id.ts'
import { readSessionId, writeSessionId } from '../../state/sessions.ts'
import { maxNameBytes, type LeaseAddress, type Wish } from './lease-calls.ts'
import { readToken, writeToken } from './tokens.ts'

export interface Holder {
  readonly type: 'holder'
  readonly pool: Pool
  readonly token: bigint
  readonly session: string
  readonly owner: number
  readonly permits: number
  /** Ends the lease when it runs out. */
  readonly timer: number
}

/** Mutable, and of its pool alone. */
export interface Waiter {
  readonly type: 'waiter'
  readonly pool: Pool
  readonly call: CallId
  readonly wish: Wish
  /** Where permits are held ready for it: the timer within which it has to say that it is there. */
  offer: number | undefined
}

/** Mutable, and of its machine alone. */
export interface Pool {
  readonly name: string
  readonly shards: number
  /** How many permits its users say that there are. */
  readonly declared: number
  /** And how many there are, which `resize` changes. */
  size: number
  /** Permits that are held, or held ready. More than `size` after it was made smaller. */
  taken: number
  readonly holders: Map<bigint, Holder>
  /** In the order in which they came. */
  readonly waiters: Set<Waiter>
}

export function newPool({ name, shards, permits }: LeaseAddress): Pool {
  return {
    name,
    shards,
    declared: permits,
    size: permits,
    taken: 0,
    holders: new Map(),
    waiters: new Set(),
  }
}

export function free({ size, taken }: Pool): number {
  return Math.max(0, size - taken)
}

/** Whether it is as a new one. */
export function isIdle({ holders, waiters, declared, size }: Pool): boolean {
  return holders.size === 0 && waiters.size === 0 && size === declared
}

/** Whether that handle has it, or waits for it. */
export function isUsedBy({ holders, waiters }: Pool, session: string, owner: number): boolean {
  for (const holder of holders.values()) {
    if (holder.session === session && holder.owner === owner) return true
  }
  for (const { call, wish } of waiters) {
    if (call.session === session && wish.owner === owner) return true
  }
  return false
}

/** @throws Refusal `CASTY_DDATA_CONFIG_MISMATCH` */
export function checkAddress(pool: Pool, { shards, permits }: LeaseAddress): void {
  if (pool.shards !== shards) {
    throw new Refusal('CASTY_DDATA_CONFIG_MISMATCH', 'shards', pool.shards, shards)
  }
  // After `resize`, both those who know of it and those who do not may go on.
  if (pool.declared !== permits && pool.size !== permits) {
    throw new Refusal('CASTY_DDATA_CONFIG_MISMATCH', 'permits', pool.size, permits)
  }
}

export function writePool(out: ByteWriter, pool: Pool): void {
  out.string(pool.name, maxNameBytes).varint(pool.shards).varint(pool.declared).varint(pool.size)
  out.count(pool.holders.size)
  for (const { token, session, owner, permits, timer } of pool.holders.values()) {
    writeToken(out, token)
    writeSessionId(out, session)
    out.varint(owner).varint(permits).varint(timer)
  }
  out.count(pool.waiters.size)
  for (const { call, wish, offer } of pool.waiters) {
    writeCallId(out, call)
    out.varint(wish.owner).varint(wish.permits)
    out.varint(wish.ttlMs).varint(wish.offerTimeoutMs)
    out.bool(offer !== undefined)
    if (offer !== undefined) out.varint(offer)
  }
}

/** @throws TransportError `…_MALFORMED` */
export function readPool(from: ByteReader): Pool {
  const [name, shards] = [from.string(maxNameBytes), from.varint()]
  const pool = newPool({ name, shards, permits: from.varint() })
  pool.size = from.varint()
  for (let left = from.count(27); left > 0; left--) {
    const [token, session] = [readToken(from), readSessionId(from)]
    const [owner, permits, timer] = [from.varint(), from.varint(), from.varint()]
    pool.holders.set(token, { type: 'holder', pool, token, session, owner, permits, timer })
    pool.taken += permits
  }
  for (let left = from.count(22); left > 0; left--) {
    const call = readCallId(from)
    const [owner, permits] = [from.varint(), from.varint()]
    const [ttlMs, offerTimeoutMs] = [from.varint(), from.varint()]
    const offer = from.bool() ? from.varint() : undefined
    const wish = { owner, permits, ttlMs, offerTimeoutMs, mayWait: true }
    pool.waiters.add({ type: 'waiter', pool, call, wish, offer })
    if (offer !== undefined) pool.taken += permits
  }
  return pool
}
