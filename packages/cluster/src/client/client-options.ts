// What a client of a clustered system is started with, sorted by whose it is. Each of these checks its own.
import type { ActorSystemOptions } from '@casty/actor'
import { defined } from '@casty/options'
import type { ClusterClientOptions, RemotingLimits } from '@casty/remote'
import type { Secret } from '@casty/secret'
import type { ShardingClientOptions } from '@casty/sharding'
import { knownNames, record } from '../option-values.ts'
import { authenticationOf } from '../secret-options.ts'

/** Options of `ClusteredClient.connect`: those of a `ClusterClient`, those of its own actors, and these. */
export interface ClusteredClientOptions
  extends Omit<ClusterClientOptions, 'system' | 'limits'>, Omit<ActorSystemOptions, 'random'> {
  /**
   * What clients and members prove to each other before anything else is said, and no member's: see `sharedSecret()` of
   * `@casty/secret`. @defaultValue none
   */
  readonly secret?: Secret | readonly Secret[]
  /** Bounds of what goes between it and the actors of members. */
  readonly remoting?: RemotingLimits
  /** What may wait here for entities and singletons that nobody can take now; and of which data center they are. */
  readonly sharding?: Omit<ShardingClientOptions, 'client'>
}

const contactNames = [
  'name',
  'transport',
  'authentication',
  'contactPoints',
  'listen',
  'addressMap',
  'serializer',
  'random',
  'connectTimeoutMs',
  'heartbeatIntervalMs',
  'contactTimeoutMs',
  'maxConnections',
  'endpointLimits',
  'signal',
] as const satisfies (keyof ClusterClientOptions)[]

const actorNames = [
  'clock',
  'mailbox',
  'logger',
  'stopTimeoutMs',
  'instrument',
] as const satisfies (keyof ActorSystemOptions)[]

export interface ClientParts {
  readonly contact: Omit<ClusterClientOptions, 'system'>
  readonly actors: ActorSystemOptions
  readonly sharding: Omit<ShardingClientOptions, 'client'>
}

/** @throws ClusterSystemError `CASTY_CLUSTER_INVALID_OPTION` */
export function clientPartsOf(options: ClusteredClientOptions): ClientParts {
  const of = 'ClusteredClient.connect()'
  const ownNames = ['secret', 'remoting', 'sharding']
  knownNames(of, options, [...contactNames, ...actorNames, ...ownNames])
  const {
    clock,
    mailbox,
    logger,
    stopTimeoutMs,
    instrument,
    remoting,
    sharding,
    secret: _secret,
    ...contact
  } = options
  const authentication = authenticationOf(options, 'client')
  if (sharding !== undefined) record('sharding', sharding)
  const { random } = contact
  return {
    contact: {
      ...contact,
      ...(authentication && { authentication }),
      ...(remoting && { limits: remoting }),
    },
    actors: defined({ clock, mailbox, logger, stopTimeoutMs, instrument, random }),
    sharding: sharding ?? {},
  }
}
