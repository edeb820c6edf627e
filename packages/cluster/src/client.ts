// What a process outside of the cluster needs, and a page can have: nothing of Node is imported from here.
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
  ClientReplicator,
  replicatedKey,
  type Consistency,
  type ReplicatedKey,
} from '@casty/replicator'
export { ShardEnvelope, type EntityRegion } from '@casty/sharding'
export type { ClusteredClientOptions } from './client/client-options.ts'
export { ClusteredClient, type ClusteredClientExplanation } from './client/clustered-client.ts'
export { distributedOf, replicatorOf, type ClientValuesOptions } from './client/parts-of-clients.ts'
export { ClusterSystemError, type ClusterSystemErrorCode } from './errors.ts'
export type { RegionOptions } from './system/regions.ts'
