import type { ActorSystem } from '@casty/actor'
import type { Cluster } from '@casty/membership'
import type { Remoting } from '@casty/remote'
import type { AllocationStrategy } from './coordinator/strategy.ts'
import { coreDefaults, type CoreSettings } from './core/core-settings.ts'
import { ShardingError } from './errors.ts'
import { capable, duration, durationOrForever, knownNames, share, whole } from './option-values.ts'
import type { RegionSettings } from './region/region-settings.ts'

export interface ShardingOptions {
  /** Whose actors the entities are. Its clock is that of all. */
  readonly system: ActorSystem
  /** The node of the cluster that they are on. */
  readonly cluster: Cluster
  /** Carries messages between nodes. */
  readonly remoting: Remoting
  /**
   * How long a node runs its shards without hearing of the coordinator, in milliseconds; the same on all nodes. Lower:
   * what a node ran that died is served elsewhere sooner. Higher: a node may stand still for longer before its
   * entities pause. @defaultValue 2_000
   */
  readonly leaseMs?: number
  /**
   * How long members that were downed, and do not know it yet, may go on, in milliseconds. At least what the downing
   * strategy waits for the view to settle, and `leaseMs`. @defaultValue 10_000
   */
  readonly downRemovalMarginMs?: number
  /**
   * How long a shard of a type with `replication` and a `journal` waits, after a restart or a loss, for so many nodes to tell what is
   * on their disks that nothing confirmed can be missing, in milliseconds. Then it begins with what there is, and what only the
   * others have is lost. @defaultValue Infinity
   */
  readonly recoveryTimeoutMs?: number
  /** Who gets which shard. @defaultValue leastShards */
  readonly strategy?: AllocationStrategy
  /** How many shards of a type move at once for evenness: at most this share of them. @defaultValue 0.1 */
  readonly maxMovingShare?: number
  /** … and at most so many. @defaultValue 100 */
  readonly maxMoving?: number
  /**
   * Clients outside of the cluster that this node tells who has which shard, and asks to send it nothing more before it goes.
   * One beyond that learns of moves from what comes back to it, and may lose what it sends to a node that goes. Raise it
   * with `maxClients` of `ClientAccess`; some 500 bytes each. @defaultValue 10_000
   */
  readonly maxClients?: number
  readonly limits?: ShardingLimits
}

/** Clients that are remembered where nothing is said. */
const defaultMaxClients = 10_000

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function checkMaxClients({ maxClients = defaultMaxClients }: ShardingOptions): number {
  return whole('maxClients', maxClients, 1, 1_000_000)
}

/** Parts of the table are as large: with less, nodes that come late would never learn who has which shard. */
const minFrameBytes = 65_536

const optionNames: readonly string[] = [
  'system',
  'cluster',
  'remoting',
  'leaseMs',
  'downRemovalMarginMs',
  'recoveryTimeoutMs',
  'strategy',
  'maxMovingShare',
  'maxMoving',
  'maxClients',
  'limits',
] satisfies (keyof ShardingOptions)[]

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function checkOptions(options: ShardingOptions): Omit<CoreSettings, 'self'> {
  knownNames('options', options, optionNames)
  capable('system', options.system, ['deliver', 'finish', 'whenStopped'], 'an ActorSystem')
  capable('cluster', options.cluster, ['getState', 'subscribe', 'beforeExit'], 'a Cluster')
  capable('remoting', options.remoting, ['adoptRefs', 'subscribe'], 'a Remoting')
  checkFrames(options.cluster.endpoint.maxFrameBytes('data'))
  const {
    leaseMs = coreDefaults.leaseMs,
    downRemovalMarginMs = Math.max(coreDefaults.downRemovalMarginMs, leaseMs),
    recoveryTimeoutMs = coreDefaults.recoveryTimeoutMs,
    strategy = coreDefaults.strategy,
    maxMovingShare = coreDefaults.maxMovingShare,
    maxMoving = coreDefaults.maxMoving,
  } = options
  return {
    ...coreDefaults,
    leaseMs: duration('leaseMs', leaseMs),
    downRemovalMarginMs: atLeast('downRemovalMarginMs', downRemovalMarginMs, leaseMs),
    recoveryTimeoutMs: durationOrForever('recoveryTimeoutMs', recoveryTimeoutMs),
    strategy: checkStrategy(strategy),
    maxMovingShare: share('maxMovingShare', maxMovingShare),
    maxMoving: whole('maxMoving', maxMoving, 1, Number.MAX_SAFE_INTEGER),
  }
}

function checkStrategy(strategy: AllocationStrategy): AllocationStrategy {
  capable('strategy', strategy, ['allocate', 'rebalance'], 'an allocation strategy')
  const { rebalanceIntervalMs } = strategy
  if (rebalanceIntervalMs !== undefined) {
    duration('strategy.rebalanceIntervalMs', rebalanceIntervalMs)
  }
  return strategy
}

function checkFrames(maxFrameBytes: number): void {
  if (maxFrameBytes >= minFrameBytes) return
  const allowed = `at least ${minFrameBytes} where there is sharding`
  throw ShardingError.invalidOption('limits.maxDataFrameBytes', maxFrameBytes, allowed)
}

function atLeast(option: string, value: number, leastMs: number): number {
  if (duration(option, value) >= leastMs) return value
  throw ShardingError.invalidOption(option, value, `at least leaseMs (${leastMs})`)
}

/** Bounds and patience of the regions of a node. */
export interface ShardingLimits {
  /**
   * Messages of one type that wait because their shards have no home in reach; and as many that wait for entities which
   * have not begun, or are about to stop. @defaultValue 100_000
   */
  readonly maxBuffered?: number
  /** The same for one shard. @defaultValue 10_000 */
  readonly maxBufferedPerShard?: number
  /** How long each of them waits at most, in milliseconds. @defaultValue 10_000 */
  readonly bufferTimeoutMs?: number
  /** Messages that wait for the next life of one entity, while it stops. @defaultValue 10_000 */
  readonly maxWaitingPerEntity?: number
  /** Bytes of messages that came before the table that they go by. @defaultValue 8_388_608 */
  readonly maxHeldBytes?: number
  /**
   * How long an owner waits for the word of all who have sent it something that nothing more is on its way, and they for
   * its own, in milliseconds. So long a sender that stands still delays a move; whoever is found unreachable is waited
   * for no longer. What comes after that goes back and comes again to the next owner: in order, and once. Lower moves
   * shards sooner; but what senders that are merely slow have under way goes back then, which takes a round trip, and
   * is lost with a node that leaves before. @defaultValue 2_000
   */
  readonly fenceTimeoutMs?: number
  /**
   * How long entities may take to finish what they have when their shard moves, in milliseconds; then they are
   * stopped. Raise it where handlers take long. @defaultValue 10_000
   */
  readonly handoffTimeoutMs?: number
  /** How long those may take for their hooks, in milliseconds; then the shard moves without them. @defaultValue 3_000 */
  readonly stopTimeoutMs?: number
  /** How long the transfer of what entities hand over may take, in milliseconds. @defaultValue 5_000 */
  readonly handOverTimeoutMs?: number
  /** Bytes of what entities handed over to this node and not begun with yet, per type. @defaultValue 67_108_864 */
  readonly maxHandOverBytes?: number
  /**
   * How long a node that leaves waits for others to have all copies that it keeps for replication, in milliseconds; then it
   * goes without. @defaultValue 10_000
   */
  readonly copyTimeoutMs?: number
}

/** What the limits are where nothing else is asked for. */
export const shardingLimitDefaults: Required<ShardingLimits> = Object.freeze({
  maxBuffered: 100_000,
  maxBufferedPerShard: 10_000,
  bufferTimeoutMs: 10_000,
  maxWaitingPerEntity: 10_000,
  maxHeldBytes: 8_388_608,
  fenceTimeoutMs: 2_000,
  handoffTimeoutMs: 10_000,
  stopTimeoutMs: 3_000,
  handOverTimeoutMs: 5_000,
  maxHandOverBytes: 67_108_864,
  copyTimeoutMs: 10_000,
})

/** Fences and pieces of what is handed over are sent again after so long without an answer, in milliseconds. */
const againMs = 500

const durations: ReadonlySet<string> = new Set<keyof ShardingLimits>([
  'bufferTimeoutMs',
  'fenceTimeoutMs',
  'handoffTimeoutMs',
  'stopTimeoutMs',
  'handOverTimeoutMs',
  'copyTimeoutMs',
])

/** @throws ShardingError `CASTY_SHARDING_INVALID_OPTION` */
export function checkLimits(limits: ShardingLimits): RegionSettings {
  knownNames('limits', limits, Object.keys(shardingLimitDefaults))
  const given = Object.entries(limits).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const option = `limits.${name}`
    if (typeof value !== 'number') throw ShardingError.invalidOption(option, value, 'a number')
    if (durations.has(name)) duration(option, value)
    else whole(option, value, 1, Number.MAX_SAFE_INTEGER)
  }
  // Known names, each with a number.
  return settingsOf({ ...shardingLimitDefaults, ...(Object.fromEntries(given) as ShardingLimits) })
}

function settingsOf(limits: Required<ShardingLimits>): RegionSettings {
  const { fenceTimeoutMs, bufferTimeoutMs, maxBuffered } = limits
  return {
    buffer: {
      maxTotal: maxBuffered,
      maxPerShard: limits.maxBufferedPerShard,
      timeoutMs: bufferTimeoutMs,
    },
    copyTimeoutMs: limits.copyTimeoutMs,
    held: { maxFrames: maxBuffered, maxBytes: limits.maxHeldBytes, timeoutMs: fenceTimeoutMs },
    route: {
      // Its echo may come behind what is held there for as long.
      drainTimeoutMs: 2 * fenceTimeoutMs,
      fenceAgainMs: againMs,
      behindTimeoutMs: bufferTimeoutMs,
    },
    hosting: {
      fenceTimeoutMs,
      handoffTimeoutMs: limits.handoffTimeoutMs,
      stopTimeoutMs: limits.stopTimeoutMs,
      handOverTimeoutMs: limits.handOverTimeoutMs,
      maxHandOverBytes: limits.maxHandOverBytes,
      maxWaiting: limits.maxWaitingPerEntity,
      beginTimeoutMs: bufferTimeoutMs,
      maxWaitingInAll: maxBuffered,
      handOverAgainMs: againMs,
    },
  }
}
