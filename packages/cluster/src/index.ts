// What its methods take and give, so that a program needs to name no other package for it.
export type { ActorContext, ActorRef, AskOptions, Behavior } from '@casty/actor'
export type { Distributed, DistributedOptions } from '@casty/ddata'
export { NodeAddress, NodeIdentity, type ClusterState, type Member } from '@casty/membership'
export {
  BroadcastRef,
  ServiceKey,
  type CollectedAnswers,
  type Listing,
  type ServiceInstance,
  type Topic,
} from '@casty/remote'
export {
  ShardEnvelope,
  type EntityContext,
  type EntityRegion,
  type JournaledEntityContext,
  type ShardAllocation,
} from '@casty/sharding'
export type { BarrierOptions } from './barrier/barriers.ts'
export {
  Behaviors,
  type BroadcastedBehavior,
  type EntityJournal,
  type JournaledSingletonContext,
  type ShardedBehavior,
  type ShardedOptions,
  type SingletonBehavior,
  type SingletonContext,
  type SingletonOptions,
} from './behaviors.ts'
export type { ClusteredClientOptions } from './client/client-options.ts'
export { ClusteredClient, type ClusteredClientExplanation } from './client/clustered-client.ts'
export { distributedOf, replicatorOf, type ClientValuesOptions } from './client/parts-of-clients.ts'
export { ClusteredActorSystem } from './clustered-actor-system.ts'
export {
  configOf,
  emptyConfig,
  resolveActor,
  type ActorOverride,
  type ActorSection,
  type CastyConfig,
  type ClusterSection,
  type SerializationSection,
  type ShardingSection,
  type SupervisionSection,
} from './config/casty-config.ts'
export type { TransportMaker } from './transport-options.ts'
export type { ReplicationSection } from './config/replication-section.ts'
export type { SecretSection, TlsSection } from './config/credentials-sections.ts'
export { configFileName, discoverConfig, loadConfig } from './config/load-config.ts'
export { optionsFrom, type ConfiguredOptions } from './config/options-from.ts'
export { ClusterSystemError, type ClusterSystemErrorCode } from './errors.ts'
export type { ClusteredActorSystemOptions } from './options.ts'
export type { ReplicationConfig } from './replication-config.ts'
export type { ClusterSecret } from './secret-options.ts'
export type { Termination } from './system/lifetime.ts'
export type { ClientsAllowance, ClientsOfSystemOptions } from './system/clients.ts'
export type { SystemReplicatorOptions } from './system/replication-of-values.ts'
export type { RegionOptions } from './system/regions.ts'
export type { ClusterSpawnOptions } from './system/spawner.ts'
export type { ClusteredSystemEvent } from './system/system-events.ts'
export type { SystemExplanation } from './system/explanation.ts'
export type { LookupOptions } from './system/lookup.ts'
