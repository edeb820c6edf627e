import { ShardingError } from './errors.ts'
import { duration, knownNames, whole } from './option-values.ts'
import type { RegionSettings } from './region/region-settings.ts'

/** Bounds and patience of the regions of a node. */
export interface ShardingLimits {
  /** Messages of one type that wait because their shards have no home in reach. @defaultValue 100_000 */
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
   * How long an owner waits for the word of all others that nothing more is on its way, and they for its own, in
   * milliseconds. @defaultValue 2_000
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
})

/** Fences and pieces of what is handed over are sent again after so long without an answer, in milliseconds. */
const againMs = 500

const durations: ReadonlySet<string> = new Set<keyof ShardingLimits>([
  'bufferTimeoutMs',
  'fenceTimeoutMs',
  'handoffTimeoutMs',
  'stopTimeoutMs',
  'handOverTimeoutMs',
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
      handOverAgainMs: againMs,
    },
  }
}
