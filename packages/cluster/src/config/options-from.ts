// What a config file says, as options. Each key of `[cluster]`, `[serialization]`, `[system]` and
// `[defaults.mailbox]` is one option; the rest is about actors, by their names.
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { oneForOne, type Behavior, Behaviors } from '@casty/actor'
import {
  compressed,
  jsonSerializer,
  msgpackSerializer,
  type Compression,
  type Serializer,
} from '@casty/remote'
import type { ClusteredActorSystemOptions } from '../options.ts'
import { ConfiguredSecret } from './configured-secret.ts'
import type { CastyConfig, SerializationSection, SupervisionSection } from './casty-config.ts'

/** What a config file can say of a whole system. */
export type ConfiguredOptions = Partial<
  Pick<
    ClusteredActorSystemOptions,
    | 'name'
    | 'host'
    | 'port'
    | 'bindHost'
    | 'insecure'
    | 'dialBack'
    | 'authentication'
    | 'nodeId'
    | 'seedNodes'
    | 'roles'
    | 'requiredQuorum'
    | 'gossipIntervalMs'
    | 'gossipFanout'
    | 'failureDetector'
    | 'serializer'
    | 'mailbox'
  >
>

/**
 * The options that a config amounts to; what it does not say is left out. Secrets are read from where it says that they are.
 *
 * @throws ClusterSystemError `CASTY_CLUSTER_INVALID_CONFIG` where there is none; SecretError
 */
export function optionsFrom(config: CastyConfig): ConfiguredOptions {
  return configuredBy(config).options
}

/** What a config says: as options, and where its secret is to be read again. @throws as `optionsFrom` */
export function configuredBy(config: CastyConfig): {
  readonly options: ConfiguredOptions
  readonly secret: ConfiguredSecret | undefined
} {
  const { name, cluster, serialization, defaults } = config
  const serializer = serializerOf(serialization)
  const { secret: places, tls: _, ...settings } = cluster ?? {} // TLS is the transport's.
  const secret = places && new ConfiguredSecret(config.file, places)
  const options = {
    ...(name !== undefined && { name }),
    ...settings,
    ...(secret && { authentication: secret.authentication }),
    ...(serializer && { serializer }),
    ...(Object.keys(defaults.mailbox).length > 0 && { mailbox: defaults.mailbox }),
  }
  return { options, secret }
}

/** The format of `deflate` in pure code, which browsers use: in Node there is a quicker way. */
const nodeDeflate: Compression = {
  name: 'deflate',
  compress: (bytes) => deflateRawSync(bytes),
  decompress: (bytes, sizeBytes) => inflateRawSync(bytes, { maxOutputLength: sizeBytes }),
}

function serializerOf({ serializer, compression }: SerializationSection): Serializer | undefined {
  if (serializer === undefined && !compression) return undefined
  const inner = serializer === 'json' ? jsonSerializer() : msgpackSerializer()
  if (!compression) return inner
  const { thresholdBytes } = compression
  const options = thresholdBytes === undefined ? {} : { thresholdBytes }
  return compressed(inner, { ...options, algorithm: nodeDeflate })
}

/** What a config says of failures, put around behaviors. What they say themselves comes first. */
export function supervision<M>(section: SupervisionSection): (inner: Behavior<M>) => Behavior<M> {
  const { strategy: directive = 'restart', maxRestarts, withinMs } = section
  if (Object.keys(section).length === 0) return (inner) => inner
  const strategy = oneForOne({
    decide: () => directive,
    ...(maxRestarts !== undefined && { maxRestarts }),
    ...(withinMs !== undefined && { withinMs }),
  })
  return (inner) => Behaviors.supervise(inner, strategy)
}
