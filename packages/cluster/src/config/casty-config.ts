import type { MailboxSettings, OverflowPolicy } from '@casty/actor'
import type { HeartbeatMonitorOptions } from '@casty/failure-detector'
import { defined } from '@casty/options'
import {
  secretSection,
  tlsSection,
  type SecretSection,
  type TlsSection,
} from './credentials-sections.ts'
import { bindHostOf, hostOf, maxNameBytes, maxNodeIdBytes, rolesOf, seedNodesOf } from './places.ts'
import { replicationSection, type ReplicationSection } from './replication-section.ts'
import { Section } from './section.ts'

/** What of a cluster's node can be written in a file. Each is an option of `ClusteredActorSystem` as well. */
export interface ClusterSection {
  readonly host?: string
  readonly port?: number
  readonly bindHost?: string
  readonly insecure?: boolean
  readonly dialBack?: boolean
  readonly nodeId?: string
  readonly seedNodes?: readonly string[]
  readonly roles?: readonly string[]
  readonly requiredQuorum?: number
  readonly gossipIntervalMs?: number
  readonly gossipFanout?: number
  readonly failureDetector?: HeartbeatMonitorOptions
  readonly secret?: SecretSection
  readonly tls?: TlsSection
}

/** What becomes of actors that fail, where their behaviors do not say. */
export interface SupervisionSection {
  readonly strategy?: 'restart' | 'resume' | 'stop' | 'escalate'
  readonly maxRestarts?: number
  readonly withinMs?: number
}

/** How entities are spread. */
export interface ShardingSection {
  readonly numShards?: number
}

/** How messages become bytes. */
export interface SerializationSection {
  readonly serializer?: 'msgpack' | 'json'
  readonly compression?: { readonly algorithm?: 'deflate'; readonly thresholdBytes?: number }
}

/** How actors are run, unless code says otherwise: all of them, or those of a name. */
export interface ActorSection {
  readonly mailbox: Partial<MailboxSettings>
  readonly supervision: SupervisionSection
  readonly sharding: ShardingSection
  readonly replication: ReplicationSection
}

/** What stands in a `casty.toml`. What it leaves out is undefined here, and has its default elsewhere. */
export interface CastyConfig {
  /** The file; undefined where there is none. */
  readonly file: string | undefined
  readonly name?: string
  readonly defaults: ActorSection
  readonly serialization: SerializationSection
  readonly cluster?: ClusterSection
  /** Overrides by name, in the order of the file. */
  readonly actors: readonly ActorOverride[]
}

export interface ActorOverride {
  /** Names that it is for: one, or those that a regular expression matches as a whole. */
  readonly matches: (name: string) => boolean
  readonly section: ActorSection
}

const overflowPolicies = {
  drop_new: 'drop-new',
  drop_oldest: 'drop-oldest',
  reject: 'reject',
} as const satisfies Record<string, OverflowPolicy>

const noSection: ActorSection = { mailbox: {}, supervision: {}, sharding: {}, replication: {} }

/** A config with nothing in it. */
export const emptyConfig: CastyConfig = {
  file: undefined,
  defaults: noSection,
  serialization: {},
  actors: [],
}

/** Whether that is a config, as far as a user without types may have mistaken something else for one. */
export function isConfig(value: unknown): value is CastyConfig {
  if (typeof value !== 'object' || value === null) return false
  return 'defaults' in value && 'serialization' in value && 'actors' in value
}

/**
 * Checks a document key by key.
 *
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_CONFIG`, with the path of the key, its value, and what
 * is allowed
 */
export function configOf(file: string, document: Readonly<Record<string, unknown>>): CastyConfig {
  return Section.read(file, document, (root) => {
    const defaults = root.table('defaults', (section) => actorSection(section)) ?? noSection
    return {
      file,
      ...defined({ name: root.table('system', (system) => system.text('name', maxNameBytes)) }),
      defaults,
      serialization: root.table('serialization', serializationSection) ?? {},
      ...defined({ cluster: root.table('cluster', clusterSection) }),
      actors: root.table('actors', (section) => actorOverrides(section, defaults)) ?? [],
    }
  })
}

/** How an actor of that name is run: by the first override for it, then by the defaults. */
export function resolveActor(config: CastyConfig, name: string): ActorSection {
  const section = config.actors.find(({ matches }) => matches(name))?.section ?? noSection
  const { defaults } = config
  return {
    mailbox: { ...defaults.mailbox, ...section.mailbox },
    supervision: { ...defaults.supervision, ...section.supervision },
    sharding: { ...defaults.sharding, ...section.sharding },
    replication: { ...defaults.replication, ...section.replication },
  }
}

/** @param behind - what holds where this one says nothing */
function actorSection(section: Section, behind: ActorSection = noSection): ActorSection {
  const ofReplication = (table: Section): ReplicationSection =>
    replicationSection(table, behind.replication.replicas)
  return {
    mailbox: section.table('mailbox', mailboxSection) ?? {},
    supervision: section.table('supervision', supervisionSection) ?? {},
    sharding: section.table('sharding', shardingSection) ?? {},
    replication: section.table('replication', ofReplication) ?? {},
  }
}

function mailboxSection(section: Section): Partial<MailboxSettings> {
  const strategy = section.choice('strategy', ['drop_new', 'drop_oldest', 'reject'])
  return defined({
    capacity: section.whole('capacity', 1),
    overflow: strategy && overflowPolicies[strategy],
    stashCapacity: section.whole('stash_capacity', 1),
  })
}

function supervisionSection(section: Section): SupervisionSection {
  return defined({
    strategy: section.choice('strategy', ['restart', 'resume', 'stop', 'escalate']),
    maxRestarts: section.whole('max_restarts', 0),
    withinMs: section.durationMs('within_seconds'),
  })
}

function shardingSection(section: Section): ShardingSection {
  return defined({ numShards: section.whole('num_shards', 1, 65_536) })
}

/** As the layers take at most: here they are told by the path of their key, there by the name of their option. */
const maxQuorum = 100_000
const maxFanout = 100
const maxThresholdBytes = 2 ** 30

function serializationSection(section: Section): SerializationSection {
  return defined({
    serializer: section.choice('serializer', ['msgpack', 'json']),
    compression: section.table('compression', (compression) =>
      defined({
        algorithm: compression.choice('algorithm', ['deflate']),
        thresholdBytes: compression.whole('threshold_bytes', 0, maxThresholdBytes),
      }),
    ),
  })
}

function clusterSection(section: Section): ClusterSection {
  const gossip = section.table('gossip', (table) =>
    defined({
      gossipIntervalMs: table.durationMs('interval'),
      gossipFanout: table.whole('fanout', 1, maxFanout),
    }),
  )
  const heartbeat = section.table('heartbeat', (table) =>
    defined({ heartbeatIntervalMs: table.durationMs('interval') }),
  )
  const detector = section.table('failure_detector', detectorSection)
  const hasDetector = heartbeat !== undefined || detector !== undefined
  return {
    ...defined({
      host: hostOf(section),
      port: section.whole('port', 0, 65_535),
      bindHost: bindHostOf(section),
      insecure: section.flag('insecure'),
      dialBack: section.flag('dial_back'),
      nodeId: section.text('node_id', maxNodeIdBytes),
      seedNodes: seedNodesOf(section),
      roles: rolesOf(section),
      requiredQuorum: section.whole('required_quorum', 1, maxQuorum),
      secret: secretSection(section),
      tls: section.table('tls', tlsSection),
    }),
    ...gossip,
    ...(hasDetector && { failureDetector: { ...heartbeat, ...detector } }),
  }
}

function detectorSection(section: Section): HeartbeatMonitorOptions {
  return defined({
    threshold: section.number('threshold'),
    maxSampleSize: section.whole('max_sample_size', 1),
    minStdDevMs: section.number('min_std_deviation_ms'),
    acceptablePauseMs: section.number('acceptable_heartbeat_pause_ms', { orZero: true }),
    firstHeartbeatEstimateMs: section.number('first_heartbeat_estimate_ms'),
  })
}

function actorOverrides(section: Section, defaults: ActorSection): readonly ActorOverride[] {
  return section.names.map((name) => ({
    matches: matcherOf(section, name),
    section: section.table(name, (table) => actorSection(table, defaults)) ?? noSection,
  }))
}

/** A name of letters, digits, `_` and `-` is that name; any other is a regular expression. */
function matcherOf(section: Section, name: string): (actor: string) => boolean {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return (actor) => actor === name
  try {
    const pattern = new RegExp(`^(?:${name})$`, 'u')
    return (actor) => pattern.test(actor)
  } catch {
    return section.refuse(name, 'is no name', 'letters, digits, _ and -, or a regular expression')
  }
}
