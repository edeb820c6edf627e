import type { Clock, Random } from '@casty/clock'
import type { HeartbeatMonitorOptions } from '@casty/failure-detector'
import type {
  Authentication,
  EndpointLimits,
  MayDial,
  NodeAddress,
  Transport,
} from '@casty/transport'
import { crossDcDefaults, type CrossDcSettings } from './cross-dc.ts'
import { DEFAULT_DC } from './data-center.ts'
import type { DowningProvider } from './downing.ts'
import type { LeaderOrder } from './leader.ts'
import type { MembershipSettings } from './membership-state.ts'

/**
 * Who to ask for admission: a list, or a function that is asked again on every attempt. The first of
 * a list may form a cluster; of what a function gives, the lowest address may.
 */
export type SeedNodes =
  | readonly (string | NodeAddress)[]
  | (() => Promise<readonly (string | NodeAddress)[]>)

/** Where a node reports what it does; pino's loggers and `console`-likes with this shape fit. */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** `monitorEventLoopDelay()` of `node:perf_hooks`, as far as it is needed. Values in nanoseconds. */
export interface EventLoopDelay {
  enable(): unknown
  disable(): unknown
  reset(): void
  percentile(percentile: number): number
}

export interface ClusterConfig {
  /** Makes channels: `tcpTransport()`, or a transport of `createMemoryNetwork()`. */
  readonly transport: Transport
  /** Only nodes of the same name meet. 1 to 100 bytes. @defaultValue 'casty' */
  readonly name?: string
  /**
   * The one host that others dial. Never `0.0.0.0` or `::`, which name every host: to listen on all
   * interfaces, set `bindHost` to that, and this to what others reach. @defaultValue '127.0.0.1'
   */
  readonly host?: string
  /** The port that others dial; 0 picks a free one. @defaultValue 0 */
  readonly port?: number
  /** Where to bind, if it differs from `host` (containers, NAT); may be `0.0.0.0`. @defaultValue `host` */
  readonly bindHost?: string
  /**
   * What nodes prove to each other before anything else is said: `sharedSecret()` of `@casty/secret`. All nodes have it,
   * or none. @defaultValue nothing
   */
  readonly authentication?: Authentication
  /** Allows a bind beyond loopback where neither TLS nor `authentication` protects it. @defaultValue false */
  readonly insecure?: boolean
  /**
   * Whether who connects and is no member yet is dialled back, at the address that it gives, before anything is believed of
   * it: else whoever knows the secret can take the address of another, and one that gives a wrong address becomes a
   * member that nobody reaches. It costs a node that joins one more connection. Off, where nodes can be dialled
   * from some sides only. @defaultValue true where there is TLS or `authentication`
   */
  readonly dialBack?: boolean
  /**
   * Asked of every address that this node was told of by others, before it is dialled; those of its contacts are dialled
   * unasked. Of a host name it is asked again, for each address that the name leads to (`named` tells the name), and only those are
   * dialled that it allows. Where it answers false the dial fails as `not-allowed`. Nodes that differ in it see each other differently:
   * give all of them the same. @defaultValue `mayDialByDefault`: link-local and loopback addresses only where the node has one itself
   */
  readonly mayDial?: MayDial
  /** A name of the user's for this node, found by `resolveNode`. @defaultValue the address */
  readonly nodeId?: string
  /**
   * Members, or nodes that may become members, to ask for admission. The first one listed (of what a
   * function gives, the lowest address) forms the cluster when nobody else is there. With an empty
   * list the node forms a cluster of its own.
   * @defaultValue []
   */
  readonly seedNodes?: SeedNodes
  /** Form a cluster at once and ask nobody. @defaultValue whether `seedNodes` is an empty list */
  readonly bootstrap?: boolean
  /**
   * What the node is there for; `dc-<name>` puts it into a data center. At most 64, of 100 bytes each
   * and 2,048 together. With all else that is known of the members they must fit half a frame of
   * `limits.maxDataFrameBytes`: whoever would not is refused as `cluster-full`. @defaultValue []
   */
  readonly roles?: Iterable<string>
  /**
   * Pause between rounds of gossip while nothing changes, in milliseconds. A change is told within
   * 25–75 ms whatever this is; it bounds how long a lost message goes unnoticed. @defaultValue 1_000
   */
  readonly gossipIntervalMs?: number
  /** Peers told in a round. Raising it spreads news faster, at as many more messages. @defaultValue 3 */
  readonly gossipFanout?: number
  /**
   * How many others watch each member, in a data center of more than 13; in a smaller one all do.
   * Raising it gives more votes at as many more heartbeats. No more votes are asked for than this: with 1
   * or 2, so few make a member unreachable, where no probe of theirs reaches it. Who cannot reach some of
   * those that it watches looks wider, up to four times as many. @defaultValue 5
   */
  readonly monitoredBy?: number
  /** How silence becomes suspicion. */
  readonly failureDetector?: HeartbeatMonitorOptions
  /**
   * How data centers keep in touch, where there are several: see `CrossDcSettings`. Each member counts
   * by its own, so they should be alike on all. @defaultValue crossDcDefaults
   */
  readonly crossDc?: Partial<CrossDcSettings>
  /** Histogram of event-loop delay, so that a stalled node doubts itself sooner. */
  readonly eventLoopDelay?: EventLoopDelay
  /** Who leads: the oldest, or the lowest address. Must agree on all nodes. @defaultValue 'age' */
  readonly leaderOrder?: LeaderOrder
  /** Members that must be there before the first becomes up. Must agree. @defaultValue 1 */
  readonly minMembers?: number
  /**
   * How long after the view last had converged joiners become weakly up, in milliseconds. Where it has
   * not for longer they do at once, however new. @defaultValue 7_000
   */
  readonly weaklyUpAfterMs?: number
  /** How long one contact may take to answer, in milliseconds. @defaultValue 1_000 */
  readonly joinTimeoutMs?: number
  /**
   * What the pause between rounds of asking to join grows to, in milliseconds. Each pause is drawn, from
   * half of it to one and a half times as long. @defaultValue 1_000
   */
  readonly joinRetryMs?: number
  /**
   * How long the first contact asks the others before it forms a cluster although some gave no clear
   * answer, in milliseconds; never beside a member that has no room for it. Lower risks a second
   * cluster when a partition meets its restart; with `Infinity` it only forms one where every other
   * contact is known to be in none. @defaultValue 5_000
   */
  readonly seedTimeoutMs?: number
  /**
   * How long a leaving node waits for the others, before its exit tasks and again after them, until
   * it goes on by itself, in milliseconds. That it did is warned of, and `leave()` resolves with
   * `'gave-up'`. @defaultValue 5_000
   */
  readonly leaveTimeoutMs?: number
  /**
   * How long exit tasks may take before the node leaves without them, in milliseconds.
   * @defaultValue 30_000
   */
  readonly exitTimeoutMs?: number
  /**
   * How long each node remembers a removed incarnation from when it learned of the removal, in
   * milliseconds. Lower lets one that was cut off for longer come back; raising it costs memory for as
   * long. @defaultValue 86_400_000
   */
  readonly tombstoneTtlMs?: number
  /** Decides who is downed when members are unreachable. @defaultValue nobody is, except by `down` */
  readonly downing?: DowningProvider
  /** Bounds of connections and queues; `maxReconnectMs` is 1,000 unless given. */
  readonly limits?: EndpointLimits
  /** @defaultValue systemClock */
  readonly clock?: Clock
  /** @defaultValue systemRandom */
  readonly random?: Random
  /** @defaultValue reports nothing */
  readonly logger?: Logger
}

/** What a config that leaves an option out gets. Frozen. */
export const clusterDefaults: Readonly<
  Required<
    Pick<
      ClusterConfig,
      | 'name'
      | 'host'
      | 'port'
      | 'gossipIntervalMs'
      | 'gossipFanout'
      | 'monitoredBy'
      | 'leaderOrder'
      | 'minMembers'
      | 'weaklyUpAfterMs'
      | 'joinTimeoutMs'
      | 'joinRetryMs'
      | 'seedTimeoutMs'
      | 'leaveTimeoutMs'
      | 'exitTimeoutMs'
      | 'tombstoneTtlMs'
    >
  >
> = Object.freeze({
  name: 'casty',
  host: '127.0.0.1',
  port: 0,
  gossipIntervalMs: 1_000,
  gossipFanout: 3,
  monitoredBy: 5,
  leaderOrder: 'age',
  minMembers: 1,
  weaklyUpAfterMs: 7_000,
  joinTimeoutMs: 1_000,
  joinRetryMs: 1_000,
  seedTimeoutMs: 5_000,
  leaveTimeoutMs: 5_000,
  exitTimeoutMs: 30_000,
  tombstoneTtlMs: 86_400_000,
})

/** A record, since so the types keep the list complete. */
const configNames: Readonly<Record<keyof ClusterConfig, true>> = {
  transport: true,
  name: true,
  host: true,
  port: true,
  bindHost: true,
  authentication: true,
  insecure: true,
  dialBack: true,
  mayDial: true,
  nodeId: true,
  seedNodes: true,
  bootstrap: true,
  roles: true,
  gossipIntervalMs: true,
  gossipFanout: true,
  monitoredBy: true,
  failureDetector: true,
  crossDc: true,
  eventLoopDelay: true,
  leaderOrder: true,
  minMembers: true,
  weaklyUpAfterMs: true,
  joinTimeoutMs: true,
  joinRetryMs: true,
  seedTimeoutMs: true,
  leaveTimeoutMs: true,
  exitTimeoutMs: true,
  tombstoneTtlMs: true,
  downing: true,
  limits: true,
  clock: true,
  random: true,
  logger: true,
}

/** Names of all options of a {@link ClusterConfig}, for those who take them along with options of their own. */
export const clusterConfigNames: readonly (keyof ClusterConfig)[] = Object.freeze(
  // They are the keys of that record, all of which are options.
  Object.keys(configNames) as (keyof ClusterConfig)[],
)

/**
 * What the protocol core of a node works with when its config leaves everything out: for those who
 * run `initialState` and `step` themselves, or compute from these times. Frozen.
 */
export const membershipDefaults: Omit<MembershipSettings, 'id'> = Object.freeze({
  roles: Object.freeze([]),
  dataCenter: DEFAULT_DC,
  leaderOrder: clusterDefaults.leaderOrder,
  minMembers: clusterDefaults.minMembers,
  gossipIntervalMs: clusterDefaults.gossipIntervalMs,
  gossipFanout: clusterDefaults.gossipFanout,
  wakeMinMs: 25,
  wakeMaxMs: 75,
  joinRetryMinMs: 50,
  joinRetryMaxMs: clusterDefaults.joinRetryMs,
  joinTimeoutMs: clusterDefaults.joinTimeoutMs,
  seedTimeoutMs: clusterDefaults.seedTimeoutMs,
  weaklyUpAfterMs: clusterDefaults.weaklyUpAfterMs,
  leaveTimeoutMs: clusterDefaults.leaveTimeoutMs,
  tombstoneTtlMs: clusterDefaults.tombstoneTtlMs,
  monitoredBy: clusterDefaults.monitoredBy,
  crossDc: crossDcDefaults,
})
