export {
  configOf,
  emptyConfig,
  resolveActor,
  type ActorOverride,
  type ActorSection,
  type CastyConfig,
  type ClusterSection,
  type ReplicationSection,
  type SerializationSection,
  type ShardingSection,
  type SupervisionSection,
  type TlsSection,
} from './config/casty-config.ts'
export { configFileName, discoverConfig, loadConfig } from './config/load-config.ts'
export { ClusterSystemError, type ClusterSystemErrorCode } from './errors.ts'
