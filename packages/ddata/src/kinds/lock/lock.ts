import type { ByteReader } from '@casty/transport'
import type { Session } from '../../session/session.ts'
import { hexOfSession } from '../../state/sessions.ts'
import type {
  CallOptions,
  ReadOptions,
  WaitOptions,
  WriteOptions,
} from '../../structures/call-options.ts'
import { leaseCalls } from '../lease/lease-calls.ts'
import { LeaseHandle } from '../lease/lease-handle.ts'
import type { LeaseKeeper } from '../lease/lease-keeper.ts'
import { checkLeaseOptions, type LeaseOptions } from '../lease/lease-options.ts'
import type { Lease } from '../lease/lease.ts'
import { readToken } from '../lease/tokens.ts'

/** What holds for the leases of a handle of a lock. */
export interface LockOptions extends LeaseOptions {}

export interface LockHolder {
  /** The `session.id` of whoever has it. */
  readonly owner: string
  readonly token: bigint
  /** How many wait for it. */
  readonly waiters: number
}

/**
 * A lock that one handle in the whole cluster has at a time, as a lease: renewed while it is held, free again soon after
 * its holder died, granted in the order in which it was asked for among those that are still there, with a token that
 * only grows.
 *
 * Calls reject with a DDataError: `CASTY_DDATA_ARGUMENT`, `…_NOT_REENTRANT`, `…_CONFIG_MISMATCH`, `…_TIMEOUT`, `…_ABORTED`,
 * `…_DESTROYED`, `…_SESSION_EXPIRED`, `…_LEASE_LOST`, `…_UNAVAILABLE`, `…_INDETERMINATE`, `…_BUSY`, `…_CLOSED`.
 *
 * @example
 * await using lease = await distributed.lock('deploy').acquire()
 * await deploy({ fence: lease.fence, signal: lease.signal })
 */
export class Lock {
  readonly name: string
  readonly #handle: LeaseHandle

  /** Made by `Distributed.lock`. */
  constructor(
    session: Session,
    keeper: LeaseKeeper,
    name: string,
    shards: number,
    timeoutMs: number,
    options: LockOptions,
  ) {
    this.name = name
    const address = { name, shards, permits: 1 }
    const checked = checkLeaseOptions(options, timeoutMs)
    this.#handle = new LeaseHandle('lock', address, checked, session, keeper)
  }

  /**
   * Waits until it has it. `timeoutMs` bounds the way to the cluster and back, and the waiting where it is stated and
   * `waitMs` is not.
   */
  acquire(options: WaitOptions = {}): Promise<Lease> {
    return this.#handle.acquire(1, options)
  }

  /** @returns false where somebody has it, or waits for it */
  async tryAcquire(options: CallOptions = {}): Promise<boolean> {
    return (await this.tryLease(options)) !== undefined
  }

  /** @returns undefined where somebody has it, or waits for it */
  async tryLease(options: CallOptions = {}): Promise<Lease | undefined> {
    return await this.#handle.tryLease(1, options)
  }

  /** @returns whether this handle had it */
  async release(options: CallOptions = {}): Promise<boolean> {
    return await this.#handle.release(options)
  }

  /** What this handle has now. */
  get lease(): Lease | undefined {
    return this.#handle.oldest
  }

  /** Has it while `fn` runs. Settles as `fn` does; `lease.signal` tells when it is lost meanwhile. */
  async run<R>(fn: (lease: Lease) => R | Promise<R>, options: WaitOptions = {}): Promise<R> {
    return await this.#handle.run(fn, 1, options)
  }

  /** @returns who has it; undefined where it is free, or on its way to the next one */
  async holder(options: ReadOptions = {}): Promise<LockHolder | undefined> {
    return await this.#handle.read('holder', leaseCalls.holder, options, readHolder)
  }

  /**
   * Takes it from whoever has it, and gives it to the next one. A holder that can reach the part is told at once, or within a
   * minute where it has said nothing for long; one that cannot believes that it has it until its time is over.
   *
   * @returns whether somebody had it
   */
  async forceRelease(options: WriteOptions = {}): Promise<boolean> {
    return await this.#handle.write('forceRelease', leaseCalls.evict, options)
  }

  /**
   * Has it forgotten: whoever has it loses it, who waits for it is told `CASTY_DDATA_DESTROYED`, and its options may be
   * others from then on. Its tokens go on growing. @returns whether there was anything to forget
   */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    return await this.#handle.write('destroy', leaseCalls.destroy, options)
  }
}

function readHolder(from: ByteReader): LockHolder | undefined {
  if (!from.bool()) return undefined
  return { owner: hexOfSession(from), token: readToken(from), waiters: from.varint() }
}
