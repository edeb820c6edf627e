// All structures that a process shares with others, by kind and name.
import type { ActorSystem } from '@casty/actor'
import { systemRandom } from '@casty/clock'
import type { Sharding, ShardingClient } from '@casty/sharding'
import {
  checkDistributed,
  distributedDefaults,
  type CheckedOptions,
  type DistributedOptions,
} from './distributed-options.ts'
import { DDataError } from './errors.ts'
import { regionOf, resultTtlMs, whyNobodyIn } from './host/parts-region.ts'
import type { Kind } from './kinds/kind.ts'
import { Barrier, barrierOptionNames, type BarrierOptions } from './kinds/barrier/barrier.ts'
import { Counter, type CounterOptions } from './kinds/counter/counter.ts'
import { LeaseKeeper, type LeaseCounts } from './kinds/lease/lease-keeper.ts'
import { leaseOptionNames } from './kinds/lease/lease-options.ts'
import { Lock, type LockOptions } from './kinds/lock/lock.ts'
import { DistributedMap } from './kinds/map/distributed-map.ts'
import { mapOptionNames, type MapOptions } from './kinds/map/map-options.ts'
import { DistributedSet, setOptionNames, type SetOptions } from './kinds/set/distributed-set.ts'
import { HeldItems } from './kinds/queue/held-items.ts'
import { queueOptionNames, type QueueOptions } from './kinds/queue/queue-options.ts'
import { Queue } from './kinds/queue/queue.ts'
import { Semaphore, type SemaphoreOptions } from './kinds/semaphore/semaphore.ts'
import type { LaneSettings, Nobody } from './session/lane-port.ts'
import { Session } from './session/session.ts'
import { defaultShards, maxShards, type BaseOptions } from './structures/call-options.ts'
import { unlessEnded, whyEnded } from './structures/ended.ts'
import { duration, knownNames, text, whole } from './values/arguments.ts'

/** What the structures stand on: a node of a cluster, or a client of one. */
export interface Gateway {
  readonly system: ActorSystem
  /** That of a node, which hosts structures too; or that of a client, which only uses them. */
  readonly sharding: Sharding | ShardingClient
}

const maxNameBytes = 512
const baseNames = ['shards', 'timeoutMs']

/** A user of the structures, as others know it. */
export interface SessionInfo {
  /** What tells it from all others, in hexadecimal. */
  readonly id: string
  /**
   * Aborts with a DDataError when what it waited for or held at some part is over: `…_SESSION_EXPIRED`, after which another
   * signal takes the place of this one, or `…_CLOSED`. Leases have signals of their own, which tell of each.
   */
  readonly signal: AbortSignal
}

/**
 * Structures that all nodes of a cluster share: the same name is the same structure, from everywhere.
 *
 * @example
 * const distributed = new Distributed({ system, sharding })
 * const visits = distributed.counter('visits')
 * await visits.increment()
 */
export class Distributed implements AsyncDisposable {
  readonly #settings: CheckedOptions
  readonly #session: Session
  readonly #atShutdown: Disposable
  readonly #keeper: LeaseKeeper
  readonly #heldItems: HeldItems

  /** @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_CLOSED` where the gateway has ended; ShardingError as `Sharding.start` */
  constructor(gateway: Gateway, options: DistributedOptions = {}) {
    const { system, sharding } = checkGateway(gateway)
    const settings = checkDistributed(options)
    this.#settings = settings
    const { random = systemRandom } = options
    const who = 'start' in sharding ? 'node' : 'client'
    this.#session = unlessEnded(who, () => {
      const report = reportTo(system)
      const region = regionOf(system, sharding, settings)
      const tellEach = region.tellEach.bind(region)
      const whyNobody = (part: string): Nobody | undefined => whyNobodyIn(region, part)
      return new Session({ system, random, tellEach, whyNobody, report }, laneSettings(settings))
    })
    this.#keeper = new LeaseKeeper(this.#session)
    this.#heldItems = new HeldItems(this.#session)
    this.#atShutdown = system.beforeShutdown(
      'drain',
      async () => await this.#close(whyEnded[who]),
      {
        name: 'give back what is held of shared structures',
      },
    )
  }

  /**
   * Has a node keep its share of the structures of a namespace from now on, whether or not it uses any. Whoever makes a
   * `Distributed` on it does that as well. Through a client nothing is kept.
   *
   * @throws DDataError `CASTY_DDATA_ARGUMENT`; ShardingError as `Sharding.start`
   */
  static host(gateway: Gateway, options: DistributedOptions = {}): void {
    const { system, sharding } = checkGateway(gateway)
    regionOf(system, sharding, checkDistributed(options))
  }

  /** Who this user of the structures is to all others, and whether that goes on. */
  get session(): SessionInfo {
    const { id, signal } = this.#session
    return { id, signal }
  }

  /** @param name - 1 to 512 bytes without control characters. @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_CLOSED` */
  counter(name: string, options: CounterOptions = {}): Counter {
    const { shards, timeoutMs } = this.#base('counter', name, options)
    return new Counter(this.#session, name, shards, timeoutMs)
  }

  /** @param name - as that of a counter. @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_CLOSED` */
  map<K = string, V = unknown>(name: string, options: MapOptions<K, V> = {}): DistributedMap<K, V> {
    const { shards, timeoutMs } = this.#base('map', name, options, mapOptionNames)
    return new DistributedMap(this.#session, name, shards, timeoutMs, options)
  }

  /** @param name - as that of a counter. @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_CLOSED` */
  set<T = unknown>(name: string, options: SetOptions<T> = {}): DistributedSet<T> {
    const { shards, timeoutMs } = this.#base('set', name, options, setOptionNames)
    return new DistributedSet(this.#session, name, shards, timeoutMs, options)
  }

  /** @param name - as that of a counter. @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_CLOSED` */
  queue<T = unknown>(name: string, options: QueueOptions<T> = {}): Queue<T> {
    const { shards, timeoutMs } = this.#base('queue', name, options, queueOptionNames)
    return new Queue(this.#session, this.#heldItems, name, shards, timeoutMs, options)
  }

  /** @param name - as that of a counter. @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_CLOSED` */
  lock(name: string, options: LockOptions = {}): Lock {
    const { shards, timeoutMs } = this.#base('lock', name, options, leaseOptionNames)
    return new Lock(this.#session, this.#keeper, name, shards, timeoutMs, options)
  }

  /** @param name - as that of a counter. @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_CLOSED` */
  semaphore(name: string, options: SemaphoreOptions): Semaphore {
    const { shards, timeoutMs } = this.#base('semaphore', name, options, [
      'permits',
      ...leaseOptionNames,
    ])
    return new Semaphore(this.#session, this.#keeper, name, shards, timeoutMs, options)
  }

  /** @param name - as that of a counter. @throws DDataError `CASTY_DDATA_ARGUMENT`, `…_CLOSED` */
  barrier(name: string, options: BarrierOptions = {}): Barrier {
    const { shards, timeoutMs } = this.#base('barrier', name, options, barrierOptionNames)
    return new Barrier(this.#session, name, shards, timeoutMs, options)
  }

  /** What it holds of locks and semaphores, and what keeping it took. */
  get leases(): LeaseCounts {
    return this.#keeper.counts
  }

  #base(
    kind: Kind,
    name: string,
    options: BaseOptions,
    more: readonly string[] = [],
  ): { readonly shards: number; readonly timeoutMs: number } {
    text('name', name, maxNameBytes)
    if (this.#session.isClosed) throw this.#session.closed(`${kind} ${name}`)
    knownNames('options', options, [...baseNames, ...more])
    const { shards = defaultShards, timeoutMs = this.#settings.timeoutMs } = options
    return {
      shards: whole('options.shards', shards, 1, maxShards),
      timeoutMs: duration('options.timeoutMs', timeoutMs),
    }
  }

  /** Gives back what is held, and fails what waits with `CASTY_DDATA_CLOSED`. Done by itself when the actor system ends. */
  async close(): Promise<void> {
    await this.#close()
  }

  async #close(why?: string): Promise<void> {
    this.#atShutdown[Symbol.dispose]()
    await this.#session.close(why)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function reportTo(system: ActorSystem): (error: unknown) => void {
  return (error) =>
    system.logger?.error({ error }, 'A distributed structure met an error that concerns no call')
}

/** Users may have no types. @throws DDataError `CASTY_DDATA_ARGUMENT` */
function checkGateway(gateway: Gateway): Gateway {
  knownNames('gateway', gateway, ['system', 'sharding'])
  const { system, sharding }: Partial<Gateway> = gateway
  if (typeof system?.spawn !== 'function') {
    throw DDataError.argument('gateway.system', system, 'an ActorSystem')
  }
  if (typeof sharding?.startProxy !== 'function') {
    throw DDataError.argument('gateway.sharding', sharding, 'a Sharding or a ShardingClient')
  }
  return gateway
}

function laneSettings({ sessionTtlMs }: CheckedOptions): LaneSettings {
  return {
    resendMs: 500,
    maxResendMs: 1_000,
    pollMs: 1_000,
    sessionTtlMs,
    settleMs: Math.min(sessionTtlMs, distributedDefaults.timeoutMs),
    horizonMs: resultTtlMs / 4,
    maxRequestBytes: 131_072,
  }
}
