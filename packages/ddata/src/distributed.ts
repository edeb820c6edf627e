// All structures that a process shares with others, by kind and name.
import type { ActorSystem } from '@casty/actor'
import { systemRandom } from '@casty/clock'
import type { EntityRegion, Sharding, ShardingClient } from '@casty/sharding'
import {
  checkDistributed,
  distributedDefaults,
  type CheckedOptions,
  type DistributedOptions,
} from './distributed-options.ts'
import { DDataError } from './errors.ts'
import { partEntity, type PartMessage, type PartSettings } from './host/part-entity.ts'
import { RepliesOfTurn } from './host/replies-of-turn.ts'
import { ShortOfRoom } from './host/short-of-room.ts'
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
import { machines } from './kinds/machines.ts'
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

/** A node hosts each namespace once, however many of its users there are. */
const regions = new WeakMap<Sharding | ShardingClient, Map<string, Hosted>>()

interface Hosted {
  readonly settings: CheckedOptions
  readonly region: EntityRegion<PartMessage>
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
      const region = regionOf(sharding, settings, report)
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
    regionOf(sharding, checkDistributed(options), reportTo(system))
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

/**
 * A part that nobody owns is one that nobody hosts, or whose disks are waited for. Who had it last stays its owner until
 * another one takes over: soon, where that need not wait for disks.
 */
function whyNobodyIn(region: EntityRegion<PartMessage>, part: string): Nobody | undefined {
  const shard = region.shardOf(part)
  const { owner, isOwnerReachable, route, hasLease, isOnDisks, summary } = region.explain(shard)
  const onDisks = `it is in shard ${shard} of ${region.type}. ${summary.replace(/\.$/, '')}`
  if (owner !== undefined) {
    const isForNow = true
    if (!isOwnerReachable) {
      // It may be that its disks are waited for.
      const why = isOnDisks ? onDisks : `${owner}, which keeps it, is out of reach`
      return { why, isForNow }
    }
    if (route !== 'here' || hasLease) return undefined
    const why = 'this node keeps it, and may do nothing while it is out of touch with the others'
    return { why, isForNow }
  }
  const why = isOnDisks
    ? onDisks
    : 'no member that is up and in reach keeps structures of this namespace. They are kept where there is a Distributed, ' +
      'and by systems that are started with `distributed`'
  return { why, isForNow: false }
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

/** Answers are kept for so long after a session was heard last, in milliseconds. */
const resultTtlMs = 600_000

function regionOf(
  sharding: Sharding | ShardingClient,
  settings: CheckedOptions,
  report: (error: unknown) => void,
): EntityRegion<PartMessage> {
  const { namespace, numShards, role, journal, copies, minAcks, maxCopyBytes } = settings
  const known = regions.get(sharding) ?? new Map<string, Hosted>()
  regions.set(sharding, known)
  const hosted = known.get(namespace)
  if (hosted) {
    checkSame(hosted.settings, settings)
    return hosted.region
  }
  const name = namespace === '' ? 'casty:ddata' : `casty:ddata:${namespace}`
  const type = { name, numShards, ...(role !== undefined && { role }) }
  const parts: PartSettings = {
    machines,
    journalPrefix: `${name}/`,
    idleTimeoutMs: settings.idleTimeoutMs,
    sessionTtlMs: settings.sessionTtlMs,
    resultTtlMs,
    maxUsers: 10_000,
    maxRecordBytes: 65_536,
    recordsPerSnapshot: settings.recordsPerSnapshot,
    bytesPerSnapshot: 65_536,
    growthPerSnapshot: 2,
    pieceBytes: 65_536,
    report,
  }
  const node = { replies: new RepliesOfTurn(report), shortOfRoom: new ShortOfRoom() }
  const region =
    'start' in sharding
      ? sharding.start<PartMessage>({
          ...type,
          entity: (entity) => partEntity(entity, parts, node),
          stopMessage: { type: 'stop' },
          idleTimeoutMs: Infinity,
          ...(journal && { journal }),
          ...(copies > 1 && {
            replication: { replicas: copies - 1, minAcks, maxCopyBytes, savesWhole: true },
          }),
        })
      : sharding.startProxy<PartMessage>(type)
  known.set(namespace, { settings, region })
  return region
}

/** What has to be one for all users of a namespace on a node. */
const hostedOptions = [
  'journal',
  'copies',
  'minAcks',
  'maxCopyBytes',
  'numShards',
  'role',
] as const satisfies (keyof CheckedOptions)[]

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
function checkSame(existing: CheckedOptions, wanted: CheckedOptions): void {
  for (const option of hostedOptions) {
    if (existing[option] === wanted[option]) continue
    throw DDataError.argument(
      `options (${option})`,
      wanted[option],
      'what this node uses for that namespace already',
    )
  }
}
