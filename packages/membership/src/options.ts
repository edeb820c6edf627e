import type { Clock, Random } from '@casty/clock'
import type { HeartbeatMonitorOptions } from '@casty/failure-detector'
import { NodeAddress, type EndpointLimits, type Transport } from '@casty/transport'
import { maxIdBytes, maxRoleBytes, maxRoles, maxRolesBytes, rolesBytes } from './codec-limits.ts'
import { DC_ROLE_PREFIX, memberDc } from './data-center.ts'
import type { DowningProvider } from './downing.ts'
import { MembershipError } from './errors.ts'
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
  /** Makes channels: `tcpTransport()`, `wsTransport()`, a transport of a memory network. */
  readonly transport: Transport
  /** Only nodes of the same name meet. 1 to 100 characters. @defaultValue 'casty' */
  readonly name?: string
  /** The host that others dial. @defaultValue '127.0.0.1' */
  readonly host?: string
  /** The port that others dial; 0 picks a free one. @defaultValue 0 */
  readonly port?: number
  /** Where to bind, if it differs from `host` (containers, NAT). @defaultValue `host` */
  readonly bindHost?: string
  /** Allows a bind beyond loopback without TLS or a secret. @defaultValue false */
  readonly insecure?: boolean
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
   * and 2,048 together: with all else that is known of the members they must fit half a frame of
   * `limits.maxDataFrameBytes`, or nobody else is let in. @defaultValue []
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
   * How many others watch each member. Raising it gives more votes at as many more heartbeats. No more
   * votes are asked for than watch: with 1, one bad link makes a member unreachable. @defaultValue 5
   */
  readonly monitoredBy?: number
  /** How silence becomes suspicion. */
  readonly failureDetector?: HeartbeatMonitorOptions
  /** Histogram of event-loop delay, so that a stalled node doubts itself sooner. */
  readonly eventLoopDelay?: EventLoopDelay
  /** Who leads: the oldest, or the lowest address. Must agree on all nodes. @defaultValue 'age' */
  readonly leaderOrder?: LeaderOrder
  /** Members that must be there before the first becomes up. Must agree. @defaultValue 1 */
  readonly minMembers?: number
  /**
   * How long joiners wait for convergence before they become weakly up, in milliseconds.
   * @defaultValue 7_000
   */
  readonly weaklyUpAfterMs?: number
  /** How long one contact may take to answer, in milliseconds. @defaultValue 1_000 */
  readonly joinTimeoutMs?: number
  /** Longest pause between rounds of asking to join, in milliseconds. @defaultValue 1_000 */
  readonly joinRetryMs?: number
  /**
   * How long the first contact asks the others before it forms a cluster although some gave no clear
   * answer, in milliseconds. Lower risks a second cluster when a partition meets its restart.
   * @defaultValue 5_000
   */
  readonly seedTimeoutMs?: number
  /**
   * How long a leaving node waits for the others, before its exit tasks and again after them, until
   * it goes on by itself, in milliseconds. @defaultValue 5_000
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

export const clusterDefaults: Required<
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
> = {
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
}

/** What all nodes must have alike travels in every handshake. */
const maxAgreementBytes = 80

/** A config whose every value was checked. */
export interface CheckedConfig {
  readonly name: string
  readonly bind: NodeAddress
  readonly advertisedHost: string
  readonly insecure: boolean
  readonly seedNodes: SeedNodes
  readonly bootstrap: boolean
  readonly monitoredBy: number
  readonly exitTimeoutMs: number
  readonly settings: Omit<MembershipSettings, 'id'> & { readonly id: string | undefined }
  /** What all nodes must have alike, readable, so that a refusal can name both sides. */
  readonly agreement: string
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` naming the first option that is wrong */
export function checkConfig(config: ClusterConfig): CheckedConfig {
  const given = { ...clusterDefaults, seedNodes: [], roles: [], ...defined(config) }
  const roles = checkRoles(given.roles)
  const seedNodes = checkSeeds(given.seedNodes)
  const leaderOrder = oneOf('leaderOrder', given.leaderOrder, ['age', 'address'] as const)
  const minMembers = whole('minMembers', given.minMembers, 1, 100_000)
  return {
    name: text('name', given.name, 100),
    bind: bindAddress(config, given.host, whole('port', given.port, 0, 65_535)),
    advertisedHost: address('host', given.host, 0).host,
    insecure: flag('insecure', config.insecure ?? false),
    seedNodes,
    bootstrap: flag('bootstrap', config.bootstrap ?? isEmptyList(seedNodes)),
    exitTimeoutMs: duration('exitTimeoutMs', given.exitTimeoutMs),
    monitoredBy: whole('monitoredBy', given.monitoredBy, 1, 1_000),
    settings: {
      id: config.nodeId === undefined ? undefined : text('nodeId', config.nodeId, maxIdBytes),
      roles,
      dataCenter: memberDc({ roles }),
      leaderOrder,
      minMembers,
      gossipIntervalMs: duration('gossipIntervalMs', given.gossipIntervalMs),
      gossipFanout: whole('gossipFanout', given.gossipFanout, 1, 100),
      wakeMinMs: 25,
      wakeMaxMs: 75,
      joinRetryMinMs: Math.min(50, duration('joinRetryMs', given.joinRetryMs)),
      joinRetryMaxMs: given.joinRetryMs,
      joinTimeoutMs: duration('joinTimeoutMs', given.joinTimeoutMs),
      seedTimeoutMs: duration('seedTimeoutMs', given.seedTimeoutMs),
      weaklyUpAfterMs: duration('weaklyUpAfterMs', given.weaklyUpAfterMs),
      leaveTimeoutMs: duration('leaveTimeoutMs', given.leaveTimeoutMs),
      tombstoneTtlMs: duration('tombstoneTtlMs', given.tombstoneTtlMs),
    },
    agreement: `leaderOrder=${leaderOrder} minMembers=${minMembers} downing=${agreementOf(config)}`,
  }
}

function agreementOf({ downing }: ClusterConfig): string {
  return downing === undefined
    ? 'none'
    : text('downing.agreement', downing.agreement, maxAgreementBytes)
}

/** An option set to undefined is an option left out. */
function defined(config: ClusterConfig): Partial<ClusterConfig> {
  // Dropping keys of a ClusterConfig leaves part of one.
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined),
  ) as Partial<ClusterConfig>
}

function checkRoles(roles: Iterable<string>): readonly string[] {
  // A text is iterable too: its letters would be roles.
  if (typeof roles !== 'object' || roles === null || !(Symbol.iterator in roles))
    throw MembershipError.invalidOption('roles', roles, 'a list of texts')
  const all = [...new Set(roles)].toSorted()
  if (all.length > maxRoles)
    throw MembershipError.invalidOption('roles', `${all.length} roles`, `at most ${maxRoles}`)
  for (const role of all) text('roles', role, maxRoleBytes)
  if (rolesBytes(all) > maxRolesBytes) {
    throw MembershipError.invalidOption(
      'roles',
      `${rolesBytes(all)} bytes`,
      `at most ${maxRolesBytes} bytes together`,
    )
  }
  if (all.filter((role) => role.startsWith(DC_ROLE_PREFIX)).length > 1) {
    throw MembershipError.invalidOption(
      'roles',
      all.join(', '),
      `at most one role that starts with ${DC_ROLE_PREFIX}`,
    )
  }
  return all
}

function isEmptyList(seeds: SeedNodes): boolean {
  return typeof seeds !== 'function' && seeds.length === 0
}

function checkSeeds(seeds: SeedNodes): SeedNodes {
  return typeof seeds === 'function' ? seeds : toAddresses(seeds)
}

/**
 * Reads what a user, or a user's discovery function, gave: it may be anything.
 *
 * @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` for one that does not read `host:port`
 */
export function toAddresses(seeds: readonly (string | NodeAddress)[]): readonly NodeAddress[] {
  if (!Array.isArray(seeds)) {
    throw MembershipError.invalidOption('seedNodes', seeds, 'a list, or a function that gives one')
  }
  return seeds.map((seed) => {
    try {
      return NodeAddress.parse(String(seed))
    } catch {
      throw MembershipError.invalidOption(
        'seedNodes',
        seed,
        'host:port, with an IPv6 host in brackets',
      )
    }
  })
}

function bindAddress({ bindHost }: ClusterConfig, host: string, port: number): NodeAddress {
  return bindHost === undefined ? address('host', host, port) : address('bindHost', bindHost, port)
}

function address(option: string, host: string, port: number): NodeAddress {
  try {
    return NodeAddress.of(host, port)
  } catch {
    throw MembershipError.invalidOption(option, host, 'a host name or IP literal')
  }
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function text(option: string, value: string, maxLength: number): string {
  if (
    typeof value === 'string' &&
    value.length > 0 &&
    new TextEncoder().encode(value).length <= maxLength
  )
    return value
  throw MembershipError.invalidOption(option, value, `a text of 1 to ${maxLength} bytes`)
}

/** @throws MembershipError `CASTY_MEMBERSHIP_INVALID_OPTION` */
export function whole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw MembershipError.invalidOption(option, value, `an integer from ${min} to ${max}`)
}

function duration(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw MembershipError.invalidOption(option, value, 'a number of milliseconds above 0')
}

function flag(option: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw MembershipError.invalidOption(option, value, 'true or false')
}

function oneOf<T extends string>(option: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value
  throw MembershipError.invalidOption(option, value, `one of ${allowed.join(', ')}`)
}
