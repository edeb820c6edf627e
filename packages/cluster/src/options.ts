// What a clustered system is started with: by code, by a config file, or by both, where code counts.
import type { ActorSystemOptions } from '@casty/actor'
import type { DistributedOptions } from '@casty/ddata'
import { clusterConfigNames, type ClusterConfig } from '@casty/membership'
import type { TlsOptions } from '@casty/net'
import { defined } from '@casty/options'
import type { RemotingLimits, Serializer } from '@casty/remote'
import type { ShardingOptions } from '@casty/sharding'
import type { Transport } from '@casty/transport'
import { emptyConfig, isConfig, type CastyConfig } from './config/casty-config.ts'
import { loadConfig } from './config/load-config.ts'
import type { ConfiguredSecret } from './config/configured-secret.ts'
import { configuredBy } from './config/options-from.ts'
import { ClusterSystemError } from './errors.ts'
import { duration, knownNames, record, whole } from './option-values.ts'
import { authenticationOf, type ClusterSecret } from './secret-options.ts'
import type { ClientsOfSystemOptions } from './system/clients.ts'
import { canBeHeard } from './system/shutdown-signals.ts'
import { madeTransport, type TransportMaker } from './transport-options.ts'

/** Options of `ClusteredActorSystem.start`: those of a cluster's node, those of its actors, and these. */
export interface ClusteredActorSystemOptions
  extends
    Omit<ClusterConfig, 'transport'>,
    Omit<ActorSystemOptions, 'clock' | 'random' | 'logger'> {
  /**
   * What carries bytes between nodes, of a package of its own: as `tcpTransport()`, or `tcpTransport` itself, which is then
   * called here with `tls`.
   */
  readonly transport: Transport | TransportMaker
  /**
   * The certificate of this node, and the authority that it trusts, for a `transport` that is made here. One that is handed
   * over made has been told of its own. @defaultValue `[cluster.tls]` of the config; without it, plain text
   */
  readonly tls?: TlsOptions
  /**
   * A config, or the path of a config file: what it says holds where no other option does.
   * @defaultValue none is read
   */
  readonly config?: CastyConfig | string
  /**
   * What nodes prove to each other before anything else is said, as `sharedSecret()` of `@casty/secret` takes it: the secret
   * of members, or `{ member, client }` where there are clients. To change it while the node runs, make it there, hand it
   * over as `authentication`, and `rotate` it. @defaultValue none
   */
  readonly secret?: ClusterSecret
  /** Start resolves when so many members are up. @defaultValue it waits for nobody */
  readonly requiredQuorum?: number
  /** How long that may take, in milliseconds. @defaultValue 60_000 */
  readonly quorumTimeoutMs?: number
  /** Ends the start: it rejects with the reason. */
  readonly signal?: AbortSignal
  /** All nodes must use the same. @defaultValue msgpackSerializer() */
  readonly serializer?: Serializer
  /** Bounds of what goes between actors of different nodes. */
  readonly remoting?: RemotingLimits
  /**
   * Lets processes in that are no members: a `ClusterClient` each, within these bounds, or those of `true`,
   * to use what `allow` names.
   * @defaultValue false: none is let in
   */
  readonly clients?: boolean | ClientsOfSystemOptions
  /** How entities are spread. `downRemovalMarginMs` follows from `downing` where that tells. */
  readonly sharding?: Omit<ShardingOptions, 'system' | 'cluster' | 'remoting'>
  /**
   * Has this node keep its share of shared structures from the start, with these options: which those are that
   * `distributed()` is called without, too. The same on all nodes. @defaultValue false: from its first `distributed()` on,
   * which says how they are kept
   */
  readonly distributed?: boolean | DistributedOptions
  /**
   * Signals of the process that shut the system down, as `SIGTERM`; then the process ends by the same signal, unless
   * somebody else listens to it. @defaultValue none
   */
  readonly shutdownOnSignals?: readonly NodeJS.Signals[]
}

const ownNames = [
  'config',
  'secret',
  'requiredQuorum',
  'quorumTimeoutMs',
  'signal',
  'serializer',
  'remoting',
  'clients',
  'sharding',
  'distributed',
  'shutdownOnSignals',
] as const satisfies (keyof ClusteredActorSystemOptions)[]

const actorNames = ['mailbox', 'stopTimeoutMs', 'instrument'] as const satisfies (keyof Omit<
  ActorSystemOptions,
  'clock' | 'random' | 'logger'
>)[]

const clusterNames = clusterConfigNames.filter((name) => name !== 'transport')

/** Options with what the config file says, sorted by whose they are. Each of these checks its own. */
export interface Settings {
  readonly cluster: ClusterConfig
  readonly actors: ActorSystemOptions
  readonly own: Omit<
    ClusteredActorSystemOptions,
    keyof ClusterConfig | keyof ActorSystemOptions | 'tls'
  >
  /** Where the node proves one that the config file names: to be read again. */
  readonly secret?: ConfiguredSecret
  /** What it says of actors by their names. */
  readonly config: CastyConfig
}

/**
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION`, and as `loadConfig`; SecretError; what a `transport` that is made
 * here throws
 */
export function settingsOf(options: ClusteredActorSystemOptions): Settings {
  const of = 'ClusteredActorSystem.start()'
  knownNames(of, options, [...clusterConfigNames, ...actorNames, ...ownNames, 'tls'])
  for (const name of ['failureDetector', 'mailbox', 'remoting', 'sharding'] as const) {
    if (options[name] !== undefined) record(name, options[name])
  }
  const config = options.config === undefined ? emptyConfig : loadedConfig(options.config)
  const { options: fromConfig, secret } = configuredBy(config)
  const { failureDetector, mailbox } = fromConfig
  const ofCode = authenticationOf(options, 'member')
  const authentication = ofCode ?? fromConfig.authentication
  const given = { ...fromConfig, ...defined(options) }
  const all: ClusteredActorSystemOptions = {
    ...given,
    ...(authentication && { authentication }),
    // Of these, each key counts by itself.
    failureDetector: { ...failureDetector, ...defined(options.failureDetector ?? {}) },
    mailbox: { ...mailbox, ...defined(options.mailbox ?? {}) },
  }
  checkOwn(all)
  const { transport, tls, ...others } = all
  const { clock, random, logger } = others
  return {
    cluster: {
      ...picked(others, clusterNames),
      transport: madeTransport(transport, tls, config.cluster?.tls),
    },
    actors: { ...defined({ clock, random, logger }), ...picked(others, actorNames) },
    own: picked(others, ownNames),
    ...(secret && !ofCode && { secret }),
    // What it says of all mailboxes is that of the system.
    config: { ...config, defaults: { ...config.defaults, mailbox: {} } },
  }
}

/** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` where it is neither, and as `loadConfig` */
export function loadedConfig(config: CastyConfig | string): CastyConfig {
  if (typeof config === 'string') return loadConfig(config)
  if (isConfig(config)) return config
  const allowed = 'the path of a config file, or what loadConfig() returns'
  throw ClusterSystemError.invalidOption('config', config, allowed)
}

function checkOwn({
  requiredQuorum,
  quorumTimeoutMs,
  clients,
  distributed,
  shutdownOnSignals,
}: ClusteredActorSystemOptions): void {
  if (requiredQuorum !== undefined) whole('requiredQuorum', requiredQuorum, 1, 100_000)
  if (quorumTimeoutMs !== undefined) duration('quorumTimeoutMs', quorumTimeoutMs)
  if (clients !== undefined && typeof clients !== 'boolean') record('clients', clients)
  if (distributed !== undefined && typeof distributed !== 'boolean') {
    record('distributed', distributed)
  }
  if (shutdownOnSignals !== undefined) checkSignals(shutdownOnSignals)
}

function checkSignals(signals: unknown): void {
  const allowed = 'a list of signals that a process can listen to, as SIGTERM'
  if (!Array.isArray(signals)) {
    throw ClusterSystemError.invalidOption('shutdownOnSignals', signals, allowed)
  }
  for (const signal of signals as readonly unknown[]) {
    if (canBeHeard(signal)) continue
    throw ClusterSystemError.invalidOption('shutdownOnSignals', signal, allowed)
  }
}

function picked<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  const entries = names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])
  // Those of the names that are there; the others are optional, or were refused.
  return Object.fromEntries(entries) as Pick<T, K>
}
