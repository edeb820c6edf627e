import type { Clock, Random } from '@casty/clock'
import type { CrdtType } from '@casty/crdt'
import type { Cluster, NodeIdentity } from '@casty/membership'
import { defined, optionChecks } from '@casty/options'
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
  /**
   * A removed node is pruned so long after its removal: what it last sent must have come to all. Out of keys that are
   * kept it is pruned later by `pruningMarkerMs`. @defaultValue 60_000
   */
  readonly pruningDelayMs?: number
  /**
   * How long it is remembered that a node was pruned. What comes later than that from a node that was out of
   * reach all the time could bring old changes back. What a node kept for longer is not taken up again.
   * @defaultValue 21_600_000 (6 hours)
   */
  readonly pruningMarkerMs?: number
  /** A value that is empty is forgotten after this time; until then late changes of it find that they are. @defaultValue 86_400_000 (a day) */
  readonly forgetEmptyAfterMs?: number
  /**
   * The name of a client that is gone is pruned after so long. More than twice the `maxAbsenceMs` of clients, which take
   * another name after that. @defaultValue 3_600_000 (an hour)
   */
  readonly clientNameMs?: number
  /**
   * Clients pass on what a member told them of others, so that it outlives that member. By so many changes they may be ahead of
   * what is known here of another node; more is refused. Raising it lets clients bring more along to the other side of a
   * partition, and one that lies use up more of a node's 2⁵³ changes at a time. @defaultValue 65_536
   */
  readonly maxClientLead?: number
}

/** Which processes that are no members hold copies of which values: see `ClientReplicator`. */
export interface ClientsOptions {
  /** Whether that is a client that was let in. */
  readonly isClient: (node: NodeIdentity) => boolean
  /** Whether a client may hold the value of a key. @defaultValue every one */
  readonly mayRead?: (key: string, client: NodeIdentity) => boolean
  /** Whether a client may change the value of a key. Whoever may can put anything into it. @defaultValue every one */
  readonly mayWrite?: (key: string, client: NodeIdentity) => boolean
}

/** Which values outlive a node, and where. */
export interface KeepingOptions {
  readonly store: ReplicaStore
  /** Whether the value of a key is kept: pure, and the same on every node. @defaultValue every one is */
  readonly isKept?: (key: string) => boolean
}

export interface ReplicatorOptions extends ReplicatorSettings {
  readonly cluster: Cluster
  /** Lets clients of the cluster hold and change values through this node. @defaultValue none */
  readonly clients?: ClientsOptions
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
  clientNameMs: 3_600_000,
  maxClientLead: 65_536,
}

/** What a value may take in a frame beside its own bytes: names, and how far prunings got. */
export const frameOverheadBytes: number = 64 * 1024

const checks = optionChecks({
  invalid: (option, value, allowed) => ReplicatorError.invalidOption(option, value, allowed),
  unknown: (of, name, nearest) => ReplicatorError.unknownOption(of, name, nearest),
})

const handedIn = ['cluster', 'clients', 'types', 'clock', 'random', 'onError', 'store', 'isKept']

/** @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION` */
export function checkedSettings(
  options: ReplicatorOptions & Partial<KeepingOptions>,
): Required<ReplicatorSettings> {
  checks.knownNames('a replicator', options, [...Object.keys(replicatorDefaults), ...handedIn])
  const { cluster, clock, store, clients } = options
  checks.capable('cluster', cluster, ['getState', 'subscribe'], 'a Cluster')
  if (clock !== undefined) checks.capable('clock', clock, ['now', 'wallNow', 'schedule'], 'a clock')
  if (clients !== undefined) {
    checks.capable('clients', clients, ['isClient'], 'an object with isClient')
  }
  if (store !== undefined) checks.capable('store', store, ['load', 'save'], 'a store')
  const given = { ...replicatorDefaults, ...defined(options) }
  const maxValueLimit = cluster.endpoint.maxFrameBytes('data') - frameOverheadBytes
  return {
    deltaIntervalMs: checks.duration('deltaIntervalMs', given.deltaIntervalMs),
    gossipIntervalMs: checks.duration('gossipIntervalMs', given.gossipIntervalMs),
    timeoutMs: checks.duration('timeoutMs', given.timeoutMs),
    maxKeys: checks.whole('maxKeys', given.maxKeys, 1, 10_000_000),
    maxValueBytes: checks.whole('maxValueBytes', given.maxValueBytes, 1, maxValueLimit),
    maxPending: checks.whole('maxPending', given.maxPending, 1, 1_000_000),
    pruningDelayMs: checks.duration('pruningDelayMs', given.pruningDelayMs),
    pruningMarkerMs: checks.duration('pruningMarkerMs', given.pruningMarkerMs),
    forgetEmptyAfterMs: checks.duration('forgetEmptyAfterMs', given.forgetEmptyAfterMs),
    clientNameMs: checks.duration('clientNameMs', given.clientNameMs),
    maxClientLead: checks.whole('maxClientLead', given.maxClientLead, 0, 2 ** 32),
  }
}

/** @throws ReplicatorError `CASTY_REPLICATOR_INVALID_OPTION`, as both below */
export function checkedDuration(option: string, value: number): number {
  return checks.duration(option, value)
}

/** What a call may be told, of which nothing is to go unheeded. */
export function checkNames(of: string, options: object, known: readonly string[]): void {
  checks.knownNames(of, options, known)
}

/** Something handed in that a call needs: users may have no types. */
export function checkCapable(
  option: string,
  value: unknown,
  methods: readonly string[],
  is: string,
): void {
  checks.capable(option, value, methods, is)
}
