import { heartbeatMonitorDefaults, type HeartbeatMonitorOptions } from '@casty/failure-detector'

/**
 * How data centers keep in touch: the few oldest members of each, its envoys, gossip with those of
 * the others and watch them, less often and with more patience than at home.
 */
export interface CrossDcSettings {
  /** From one heartbeat to an envoy of another data center to the next, in milliseconds. @defaultValue 3_000 */
  readonly heartbeatIntervalMs: number
  /**
   * Silence forgiven on top of that, in milliseconds. Raise it to ride out longer interruptions between
   * data centers; each raise delays detection across by as much. @defaultValue 10_000
   */
  readonly acceptablePauseMs: number
  /**
   * How many members of each data center, the oldest in reach, are its envoys. So many squared are the
   * connections between two data centers. Lower saves traffic; with 1 or 2, the word of one envoy is
   * enough to find a member of another data center unreachable. @defaultValue 5
   */
  readonly connections: number
  /**
   * Share of its rounds of gossip in which an envoy also gossips with every other data center while
   * nothing changes, above 0 and at most 1; more in a data center of less than five. What changes is
   * told within a few hundred milliseconds whatever this is. @defaultValue 0.2
   */
  readonly gossipProbability: number
}

/** What a config that leaves `crossDc` out, or parts of it, gets. Frozen. */
export const crossDcDefaults: Readonly<CrossDcSettings> = Object.freeze({
  heartbeatIntervalMs: 3_000,
  acceptablePauseMs: 10_000,
  connections: 5,
  gossipProbability: 0.2,
})

/** The options of a `ClusterConfig` that say how often heartbeats are sent. */
export interface HeartbeatIntervals {
  readonly failureDetector?: Pick<HeartbeatMonitorOptions, 'heartbeatIntervalMs'>
  readonly crossDc?: Partial<Pick<CrossDcSettings, 'heartbeatIntervalMs'>>
}

/**
 * The interval of heartbeats from a member of one data center to a member of another, or of the same,
 * in milliseconds, where the one watches the other.
 *
 * @param settings - a `ClusterConfig`, or what it says of heartbeats
 * @example heartbeatIntervalFor('eu', 'us') // => 3_000
 */
export function heartbeatIntervalFor(
  ownDc: string,
  otherDc: string,
  { failureDetector, crossDc }: HeartbeatIntervals = {},
): number {
  return ownDc === otherDc
    ? (failureDetector?.heartbeatIntervalMs ?? heartbeatMonitorDefaults.heartbeatIntervalMs)
    : (crossDc?.heartbeatIntervalMs ?? crossDcDefaults.heartbeatIntervalMs)
}

/** What a data center of so many members lacks to this is made up for by gossiping across more often. */
const fewMembers = 5

/**
 * Pause between an envoy's rounds of gossip across while nothing changes, in milliseconds.
 *
 * @param localMembers - how many members the data center of the envoy has
 * @see Apache Pekko, GossipTargetSelector.selectDcForMultiDcGossip
 */
export function crossGossipIntervalMs(
  gossipIntervalMs: number,
  { gossipProbability }: Pick<CrossDcSettings, 'gossipProbability'>,
  localMembers: number,
): number {
  const share = Math.max(gossipProbability, (fewMembers - localMembers) / 4)
  return gossipIntervalMs / Math.min(1, share)
}
