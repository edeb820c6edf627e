export {
  ShardingClient,
  type ShardingClientExplanation,
  type ShardingClientOptions,
} from './client/sharding-client.ts'
export { EntityRegion, type RegionStatistics } from './entity-region.ts'
export type { ShardExplanation } from './explain-shard.ts'
export type {
  ReplicaExplanation,
  ReplicationExplanation,
} from './replication/explain-replication.ts'
export type { Lineage } from './replication/lineage.ts'
export type { ReplicationStatistics } from './replication/replication-tally.ts'
export type { LineageCopies } from './lineage-copies.ts'
export type { Recovery, RecoverOptions } from './recoveries.ts'
export {
  entityTypeDefaults,
  ShardEnvelope,
  type EntityContext,
  type EntityProxy,
  type EntityType,
  type JournaledEntityContext,
  type JournaledEntityType,
  type RememberOptions,
  type WithJournal,
} from './entity-type.ts'
export { ShardingError, type ShardingErrorCode } from './errors.ts'
export type { ReplicateEvents, ReplicateEventsAck } from './replication/messages.ts'
export { replicationDefaults, type ReplicationConfig } from './replication/replication-config.ts'
export { shardOf } from './region/shard-of.ts'
export type { OwnShare, Share } from './region/share.ts'
export { Sharding } from './sharding.ts'
export type { ShardingExplanation } from './sharding-explanation.ts'
export type { ClusterStatistics, StatisticsOptions } from './statistics/cluster-statistics.ts'
export type { MissingReason, MissingRegions } from './statistics/missing.ts'
export type { RegionFigures } from './statistics/region-figures.ts'
export type { ShardAllocation } from '@casty/membership'
export {
  shardingLimitDefaults,
  type ShardingLimits,
  type ShardingOptions,
} from './sharding-options.ts'
export { decodeShardingMessage, encodeShardingMessage } from './codec.ts'
export { type CoreEffect, type CoreEvent, type Moment } from './core/core-events.ts'
export type { AgreementExplanation } from './core/explain-agreement.ts'
export { ShardingCore } from './core/sharding-core.ts'
export { coreDefaults, type CoreSettings } from './core/core-settings.ts'
export {
  leastShards,
  oldestHost,
  type AllocationStrategy,
  type Host,
  type Move,
} from './coordinator/strategy.ts'
export { sameView, viewOf, type ViewMember } from './core/view.ts'
export {
  shardingFrameType,
  type AcceptedMessage,
  type AnswerMessage,
  type Batch,
  type Change,
  type Copies,
  type EntriesMessage,
  type EpochBehindMessage,
  type FetchMessage,
  type Grant,
  type RefusalMessage,
  type RefusalReason,
  type RegionsMessage,
  type ReleasedMessage,
  type ReplicaQueryMessage,
  type ReplicaReport,
  type ReplicaReportMessage,
  type ReplicatedMessage,
  type ReplicatedShardReport,
  type ResignMessage,
  type RoundMessage,
  type ShardAtEpoch,
  type ShardingMessage,
  type SnapshotMessage,
  type TypeSettings,
} from './protocol.ts'
export { isMajority, type Electorate } from './table/electorate.ts'
export { sameRow, unowned, type ShardRow } from './table/shard-row.ts'
export { rowsChanged, ShardTable, type RowChange, type TypeTable } from './table/shard-table.ts'
export { compareVersions, noVersion, type Version } from './table/version.ts'
