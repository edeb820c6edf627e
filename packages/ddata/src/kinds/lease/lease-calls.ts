// Calls on locks and semaphores, as bytes: what, the name, what its users agree on, and the rest.
//
//   acquire      2  name, shards, permits; owner, permits wanted, lease in ms, offer in ms, whether to wait for it
//   confirm      3  number of the acquire that was offered
//   release      4  name, shards, permits; token
//   release all  5  nothing: of this session
//   evict        6  name, shards, permits
//   destroy      7  name, shards, permits
//   resize       8  name, shards, permits; permits from now on
//   holder       9  name, shards, permits (a read)
//   available   10  name, shards, permits (a read)
//   gone        11  timers (a read): answered with those that end no lease any more
import { ByteWriter, type ByteReader } from '@casty/transport'
import { readToken, writeToken } from './tokens.ts'

/** From `firstMachineCode` on. */
export const leaseCalls = {
  acquire: 2,
  confirm: 3,
  release: 4,
  releaseAll: 5,
  evict: 6,
  destroy: 7,
  resize: 8,
  holder: 9,
  available: 10,
  gone: 11,
} as const

/** First byte of what a session is told unasked: one of its leases was taken from it. The number of its timer follows. */
export const takenNotice = 1

export const maxNameBytes = 512

/** Which lock or semaphore, and what all who use it have to agree on. */
export interface LeaseAddress {
  readonly name: string
  readonly shards: number
  /** How many there are: of a lock 1. */
  readonly permits: number
}

/** What is asked for. */
export interface Wish {
  /** Tells the handles of a session apart. */
  readonly owner: number
  readonly permits: number
  readonly ttlMs: number
  /** How long it is held ready for one who waited, and who has to say that it is still there. */
  readonly offerTimeoutMs: number
  readonly mayWait: boolean
}

export interface Grant {
  readonly token: bigint
  /** Of the timer that ends the lease. */
  readonly timer: number
}

/** Whatever is written is taken out of it at once. */
const scratch = new ByteWriter(256)

function begin(code: number, { name, shards, permits }: LeaseAddress): ByteWriter {
  return scratch.reset().u8(code).string(name, maxNameBytes).varint(shards).varint(permits)
}

/** One that needs nothing but the address. */
export function leaseCall(code: number, address: LeaseAddress): Uint8Array {
  return begin(code, address).finish()
}

export function acquireCall(address: LeaseAddress, wish: Wish): Uint8Array {
  const { owner, permits, ttlMs, offerTimeoutMs, mayWait } = wish
  return begin(leaseCalls.acquire, address)
    .varint(owner)
    .varint(permits)
    .varint(ttlMs)
    .varint(offerTimeoutMs)
    .bool(mayWait)
    .finish()
}

export function confirmCall(acquire: number): Uint8Array {
  return new ByteWriter(9).u8(leaseCalls.confirm).varint(acquire).finish()
}

export function releaseCall(address: LeaseAddress, token: bigint): Uint8Array {
  const out = begin(leaseCalls.release, address)
  writeToken(out, token)
  return out.finish()
}

export function releaseAllCall(): Uint8Array {
  return Uint8Array.of(leaseCalls.releaseAll)
}

export function resizeCall(address: LeaseAddress, permits: number): Uint8Array {
  return begin(leaseCalls.resize, address).varint(permits).finish()
}

export function goneCall(timers: readonly number[]): Uint8Array {
  const out = scratch.reset().u8(leaseCalls.gone)
  writeTimers(out, timers)
  return out.finish()
}

export function writeTimers(out: ByteWriter, timers: readonly number[]): void {
  out.count(timers.length)
  for (const timer of timers) out.varint(timer)
}

export function readTimers(from: ByteReader): readonly number[] {
  return Array.from({ length: from.count(1) }, () => from.varint())
}

export function readAddress(from: ByteReader): LeaseAddress {
  return { name: from.string(maxNameBytes), shards: from.varint(), permits: from.varint() }
}

export function readWish(from: ByteReader): Wish {
  const [owner, permits] = [from.varint(), from.varint()]
  const [ttlMs, offerTimeoutMs] = [from.varint(), from.varint()]
  return { owner, permits, ttlMs, offerTimeoutMs, mayWait: from.bool() }
}

/** What an acquire is answered with: undefined where it was not to wait, and would have had to. */
export function writeGrant(out: ByteWriter, grant: Grant | undefined): void {
  out.bool(grant !== undefined)
  if (!grant) return
  writeToken(out, grant.token)
  out.varint(grant.timer)
}

export function readGrant(from: ByteReader): Grant | undefined {
  return from.bool() ? { token: readToken(from), timer: from.varint() } : undefined
}
