export { type CoreEffect, type CoreEvent, type Moment } from './core/core-events.ts'
export type { ShardingCore } from './core/sharding-core.ts'
export { sameView, viewOf, type ViewMember } from './core/view.ts'
export {
  shardingFrameType,
  type AcceptedMessage,
  type AnswerMessage,
  type Batch,
  type Change,
  type EntriesMessage,
  type EpochBehindMessage,
  type FetchMessage,
  type Grant,
  type RefusalMessage,
  type RefusalReason,
  type RegionsMessage,
  type ReleasedMessage,
  type ReplicaQueryMessage,
  type ReplicaReportMessage,
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
