import type { Session } from '../../session/session.ts'
import type {
  CallOptions,
  ReadOptions,
  WaitOptions,
  WriteOptions,
} from '../../structures/call-options.ts'
import { knownNames, whole } from '../../values/arguments.ts'
import { leaseCalls } from '../lease/lease-calls.ts'
import { LeaseHandle } from '../lease/lease-handle.ts'
import type { LeaseKeeper } from '../lease/lease-keeper.ts'
import { checkLeaseOptions, type LeaseOptions } from '../lease/lease-options.ts'
import type { Lease } from '../lease/lease.ts'

/** What holds for the leases of a handle of a semaphore, and how many permits there are. */
export interface SemaphoreOptions extends LeaseOptions {
  /** How many there are; all who use it must say the same. 1 to 2³¹ − 1. */
  readonly permits: number
}

export interface RunWithPermitsOptions extends WaitOptions {
  /** @defaultValue 1 */
  readonly permits?: number
}

const maxPermits = 0x7fff_ffff

/**
 * A number of permits for the whole cluster, each of them held as a lease. They are granted in the order in which they
 * are asked for: who wants many is not overtaken by those who want few.
 *
 * Calls reject with a DDataError, of the codes that those of a {@link Lock} have.
 *
 * @example
 * const slots = distributed.semaphore('slots', { permits: 10 })
 * await slots.run(async (lease) => await work(lease.signal))
 */
export class Semaphore {
  readonly name: string
  readonly #handle: LeaseHandle

  /** Made by `Distributed.semaphore`. */
  constructor(
    session: Session,
    keeper: LeaseKeeper,
    name: string,
    shards: number,
    timeoutMs: number,
    options: SemaphoreOptions,
  ) {
    this.name = name
    const permits = permitsOf('options.permits', options.permits)
    const checked = checkLeaseOptions(options, timeoutMs)
    const address = { name, shards, permits }
    this.#handle = new LeaseHandle('semaphore', address, checked, session, keeper)
  }

  /**
   * Waits until it has as many. `timeoutMs` bounds the way to the cluster and back, and the waiting where it is stated and
   * `waitMs` is not.
   */
  async acquire(permits: number = 1, options: WaitOptions = {}): Promise<Lease> {
    return await this.#handle.acquire(permitsOf('permits', permits), options)
  }

  /** @returns false where as many are not free, or somebody waits */
  async tryAcquire(permits: number = 1, options: CallOptions = {}): Promise<boolean> {
    return (await this.tryLease(permits, options)) !== undefined
  }

  /** @returns undefined where as many are not free, or somebody waits */
  async tryLease(permits: number = 1, options: CallOptions = {}): Promise<Lease | undefined> {
    return await this.#handle.tryLease(permitsOf('permits', permits), options)
  }

  /** Gives back the oldest lease of this handle, with all its permits. @returns whether it had one */
  async release(options: CallOptions = {}): Promise<boolean> {
    return await this.#handle.release(options)
  }

  /** What this handle has now, the oldest first. */
  get leases(): readonly Lease[] {
    return this.#handle.leases
  }

  /** Has permits while `fn` runs. Settles as `fn` does; `lease.signal` tells when they are lost meanwhile. */
  async run<R>(
    fn: (lease: Lease) => R | Promise<R>,
    options: RunWithPermitsOptions = {},
  ): Promise<R> {
    knownNames('options', options, ['permits', 'waitMs', 'signal', 'timeoutMs'])
    const { permits = 1, ...wait } = options
    return await this.#handle.run(fn, permitsOf('options.permits', permits), wait)
  }

  /** How many are free. */
  async available(options: ReadOptions = {}): Promise<number> {
    return await this.#handle.read('available', leaseCalls.available, options, (from) =>
      from.varint(),
    )
  }

  /**
   * Has it have more permits, or fewer: nobody loses those it has. Users who still say the former number may go on. Waiters
   * that want more than there are from then on are told `CASTY_DDATA_ARGUMENT`. @returns how many there are now
   */
  async resize(permits: number, options: WriteOptions = {}): Promise<number> {
    return await this.#handle.resize(permitsOf('permits', permits), options)
  }

  /**
   * Has it forgotten: holders lose their permits, waiters are told `CASTY_DDATA_DESTROYED`, and its options may be others
   * from then on. Its tokens go on growing. @returns whether there was anything to forget
   */
  async destroy(options: WriteOptions = {}): Promise<boolean> {
    return await this.#handle.write('destroy', leaseCalls.destroy, options)
  }
}

function permitsOf(name: string, value: number): number {
  return whole(name, value, 1, maxPermits)
}
