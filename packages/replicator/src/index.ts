export type { ClientReplicatorEvent } from './clients/client-events.ts'
export { clientReplicaFrameType } from './clients/client-frames.ts'
export {
  clientReplicatorDefaults,
  type ClientReplicatorOptions,
  type ClientReplicatorSettings,
  type ReplicatingClient,
} from './clients/client-options.ts'
export { ClientReplicator, type ClientReplicatorMetrics } from './clients/client-replicator.ts'
export type { Consistency } from './consistency.ts'
export { majorityOf, nodesNeeded } from './consistency.ts'
export { DeltaLog, sliceSizeOf, type Propagation } from './core/delta-log.ts'
export {
  addSeen,
  beginPruning,
  envelopeOf,
  mergeEnvelopes,
  performPruning,
  withPruning,
  type Envelope,
} from './core/envelope.ts'
export type { DropReason } from './core/events.ts'
export { mergePruning, type PruningState } from './core/pruning.ts'
export type { CoreCounts } from './core/tally.ts'
export { ReplicatorError, type ReplicatorErrorCode } from './errors.ts'
export { replicatedKey, type ReplicatedKey } from './key.ts'
export {
  memoryStore,
  type KeptValue,
  type KeptValues,
  type ReplicaStore,
} from './store/replica-store.ts'
export {
  replicatorDefaults,
  type ClientsOptions,
  type KeepingOptions,
  type ReplicatorOptions,
  type ReplicatorSettings,
} from './options.ts'
export type { ReplicatorExplanation, ReplicatorMetrics } from './explanation.ts'
export type { Outcome, ReadOptions, WaitOptions, WriteOptions } from './outcome.ts'
export { Replicator, replicatorFrameType } from './replicator.ts'
