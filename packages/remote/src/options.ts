import type { ActorSystem } from '@casty/actor'
import type { Random } from '@casty/clock'
import type { Cluster } from '@casty/membership'
import { defined } from '@casty/options'
import type { ClusterView } from './cluster-view.ts'
import { RemoteError } from './errors.ts'
import type { Serializer } from './serializer.ts'

/** @typeParam C - `Cluster`, but for a client of one */
export interface RemotingOptions<C extends ClusterView = Cluster> {
  /** Whose actors are reached from other nodes, and reach those of other nodes. */
  readonly system: ActorSystem
  /** The node of the cluster that they are on. */
  readonly cluster: C
  /** All nodes must use the same. @defaultValue msgpackSerializer() */
  readonly serializer?: Serializer
  /** @defaultValue systemRandom */
  readonly random?: Random
  readonly limits?: RemotingLimits
}

export interface RemotingLimits {
  /**
   * Questions to actors of other nodes that wait for answers. One more fails at once. Each takes some 100
   * bytes besides the promise. @defaultValue 1_000_000
   */
  readonly maxAsks?: number
  /**
   * Actors of one node that are named by number instead of path, both ways. Where there are more, all begin
   * anew with their paths: raise it where messages go to more of them all the time. @defaultValue 16_384
   */
  readonly maxRecipients?: number
  /**
   * Registered classes that messages to one node name by number instead of name. Instances of others travel with
   * their name each time. @defaultValue 1_024
   */
  readonly maxClasses?: number
  /**
   * Refs sent to other nodes that are no actors in the tree: those of `context.adapt()` are freed with their
   * actor, others with the layer. One more cannot be sent. @defaultValue 100_000
   */
  readonly maxExports?: number
  /** Nodes that something is known of; those that are no members make room. @defaultValue 4_096 */
  readonly maxPeers?: number
  /** Actors that are watched on one node from here, and here from there. @defaultValue 100_000 */
  readonly maxWatchesPerNode?: number
  /**
   * Words about watches that wait for one node; one more, and all are dropped and watches begin anew. At least twice
   * `maxWatchesPerNode`, or they end with `node-gone` where there are too many. @defaultValue 200_000
   */
  readonly maxPendingWatchMessages?: number
}

/** What the limits are where nothing else is asked for. */
export const remotingDefaults: Required<RemotingLimits> = Object.freeze({
  maxAsks: 1_000_000,
  maxRecipients: 16_384,
  maxClasses: 1_024,
  maxExports: 100_000,
  maxPeers: 4_096,
  maxWatchesPerNode: 100_000,
  maxPendingWatchMessages: 200_000,
})

const of = 'Remoting.attach()'
const optionNames: readonly string[] = [
  'system',
  'cluster',
  'serializer',
  'random',
  'limits',
] satisfies (keyof RemotingOptions)[]

/** @throws RemoteError `CASTY_REMOTE_INVALID_OPTION` */
export function checkOptions(options: RemotingOptions<ClusterView>): Required<RemotingLimits> {
  known('', options, optionNames)
  const { system, cluster, serializer, random, limits = {} } = options
  capable('system', system, ['deliver', 'lookup', 'whenStopped'], 'an ActorSystem')
  capable('cluster', cluster, ['getState', 'subscribe'], 'a Cluster')
  if (serializer !== undefined) {
    capable(
      'serializer',
      serializer,
      ['serialize', 'deserialize'],
      'a Serializer, such as jsonSerializer(),',
    )
    checkName(serializer.name)
  }
  if (random !== undefined && typeof random !== 'function') {
    throw RemoteError.invalidOption(of, 'random', random, 'a function')
  }
  known('limits.', limits, Object.keys(remotingDefaults))
  const checked = { ...remotingDefaults, ...defined(limits) }
  for (const [name, value] of Object.entries(checked)) {
    if (Number.isInteger(value) && value >= 1 && value <= 0x7fff_ffff) continue
    throw RemoteError.invalidOption(of, `limits.${name}`, value, 'an integer from 1 to 2147483647')
  }
  return checked
}

/** Nodes know by it whether they fit each other. */
function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return
  throw RemoteError.invalidOption(of, 'serializer.name', name, 'a text that is not empty')
}

function known(prefix: string, given: object, names: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    throw RemoteError.invalidOption(of, prefix.slice(0, -1) || 'options', given, 'an object')
  }
  for (const [name, value] of Object.entries(given)) {
    if (names.includes(name) || value === undefined) continue
    throw RemoteError.invalidOption(of, `${prefix}${name}`, value, `only ${names.join(', ')}`)
  }
}

function capable(option: string, value: unknown, methods: readonly string[], is: string): void {
  const isObject = typeof value === 'object' && value !== null
  // Every object may be read by name.
  const read = (name: string): unknown => (value as Readonly<Record<string, unknown>>)[name]
  if (isObject && methods.every((name) => typeof read(name) === 'function')) return
  throw RemoteError.invalidOption(of, option, value, is)
}
