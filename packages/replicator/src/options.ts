import type { Clock, Random } from '@casty/clock'
import type { CrdtType } from '@casty/crdt'
import type { Cluster } from '@casty/membership'
import { ReplicatorError } from './errors.ts'
import type { ReplicaStore } from './store/replica-store.ts'

/** Bounds and times, the same on every node of a cluster. */
export interface ReplicatorSettings {
  /** Changes of one node gather for so long before they are told. Raising it saves frames, and delays by as much. @defaultValue 5 */
  readonly deltaIntervalMs?: number
  /** How often digests are compared with one other node, at rest. Raising it saves two kilobytes each, and delays repair. @defaultValue 2_000 */
  readonly gossipIntervalMs?: number
  /** How long a call waits for other nodes, unless it says so itself. @defaultValue 5_000 */
  readonly timeoutMs?: number
  /** How many keys a node holds; digests and memory grow with them. @defaultValue 100_000 */
  readonly maxKeys?: number
  /** How large a value may get, encoded. It has to fit into a frame. @defaultValue 524_288 */
  readonly maxValueBytes?: number
  /** How many calls may wait for other nodes. @defaultValue 10_000 */
  readonly maxPending?: number
  /** A removed node is pruned so long after its removal: what it last sent must have come to all. @defaultValue 60_000 */
  readonly pruningDelayMs?: number
  /**
   * How long it is remembered that a node was pruned. What comes later than that from a node that was out of
   * reach all the time could bring old changes back. @defaultValue 21_600_000 (6 hours)
   */
  readonly pruningMarkerMs?: number
  /** A value that is empty is forgotten after this time; until then late changes of it find that they are. @defaultValue 86_400_000 (a day) */
  readonly forgetEmptyAfterMs?: number
}

/** Which values outlive a node, and where. */
export interface KeepingOptions {
  readonly store: ReplicaStore
  /** Whether the value of a key is kept. @defaultValue every one is */
  readonly isKept?: (key: string) => boolean
}

export interface ReplicatorOptions extends ReplicatorSettings {
  readonly cluster: Cluster
  /** Types of your own, which other nodes may tell of. Those of `@casty/crdt` are known. */
  readonly types?: readonly Pick<CrdtType<unknown>, 'name' | 'shape'>[]
  /** @defaultValue the system's */
  readonly clock?: Clock
  /** @defaultValue the system's */
  readonly random?: Random
  /** Told of listeners that throw. */
  readonly onError?: (error: unknown) => void
}

/** What holds where nothing else is said. */
export const replicatorDefaults: Required<ReplicatorSettings> = {
  deltaIntervalMs: 5,
  gossipIntervalMs: 2_000,
  timeoutMs: 5_000,
  maxKeys: 100_000,
  maxValueBytes: 512 * 1024,
  maxPending: 10_000,
  pruningDelayMs: 60_000,
  pruningMarkerMs: 6 * 3_600_000,
  forgetEmptyAfterMs: 24 * 3_600_000,
}

/** What a value may take in a frame beside its own bytes: names, and how far prunings got. */
const frameOverheadBytes = 64 * 1024

/** @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION` */
export function checkedSettings(
  options: ReplicatorOptions,
  maxFrameBytes: number,
): Required<ReplicatorSettings> {
  const maxValueLimit = maxFrameBytes - frameOverheadBytes
  return {
    deltaIntervalMs: duration('deltaIntervalMs', options),
    gossipIntervalMs: duration('gossipIntervalMs', options),
    timeoutMs: duration('timeoutMs', options),
    maxKeys: whole('maxKeys', options, 10_000_000),
    maxValueBytes: whole('maxValueBytes', options, maxValueLimit),
    maxPending: whole('maxPending', options, 1_000_000),
    pruningDelayMs: duration('pruningDelayMs', options),
    pruningMarkerMs: duration('pruningMarkerMs', options),
    forgetEmptyAfterMs: duration('forgetEmptyAfterMs', options),
  }
}

function duration(option: keyof ReplicatorSettings, options: ReplicatorSettings): number {
  return checkedDuration(option, options[option] ?? replicatorDefaults[option])
}

/** @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION` */
export function checkedDuration(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw ReplicatorError.invalidOption(option, value, 'a number of milliseconds above 0')
}

function whole(
  option: keyof ReplicatorSettings,
  options: ReplicatorSettings,
  most: number,
): number {
  const value = options[option] ?? replicatorDefaults[option]
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  throw ReplicatorError.invalidOption(option, value, `an integer from 1 to ${most}`)
}
