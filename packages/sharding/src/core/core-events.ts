import type { Lane, NodeIdentity } from '@casty/transport'
import type {
  GiveUpMessage,
  RecoveredMessage,
  RecoverMessage,
  ReplicaReport,
  ReplicatedShardReport,
  ShardAtEpoch,
  ShardingMessage,
  TypeSettings,
} from '../protocol.ts'
import type { RowChange, ShardTable } from '../table/shard-table.ts'
import type { ViewMember } from './view.ts'

/** When an event happens, by the clock of the node. */
export interface Moment {
  /** Monotonic, in milliseconds. */
  readonly now: number
  /** Milliseconds since the Unix epoch: begins the epochs of shards that nobody owned before. */
  readonly wallNow: number
}

export type CoreEvent =
  | {
      readonly type: 'message-received'
      readonly from: NodeIdentity
      readonly message: ShardingMessage
    }
  /** All members of the own data center that are not removed: see `viewOf`. */
  | { readonly type: 'members-changed'; readonly members: readonly ViewMember[] }
  | { readonly type: 'deadline-reached' }
  /** Every type that this node can run shards of from now on. Types routed to only are not among them. */
  | { readonly type: 'types-started'; readonly types: readonly TypeSettings[] }
  /** The owner's side of a handoff is done: nothing of the shard runs here any more. Once is enough. */
  | { readonly type: 'shard-released'; readonly shard: ShardAtEpoch }
  /** The replicas of its row have all of a shard that this node owns. Once for each row is enough. */
  | { readonly type: 'shards-replicated'; readonly shards: readonly ReplicatedShardReport[] }
  /** The owner, this node, has confirmed nothing of it, and was told of copies that come from elsewhere. Once for each row is enough. */
  | { readonly type: 'shard-contested'; readonly shard: ShardAtEpoch }
  /** A journal or a replica refused this node's epoch. @see ShardingCore */
  | { readonly type: 'epoch-refused'; readonly shard: ShardAtEpoch; readonly written: number }
  /**
   * Somebody has decided that a shard is to go on without what it waits for. Whoever is the coordinator is asked until there is an answer,
   * `recovery-answered`, or nobody waits for it any more.
   */
  | { readonly type: 'recovery-asked'; readonly question: RecoverMessage }
  /** Nobody waits for the answer to that question of this node. */
  | { readonly type: 'recovery-settled'; readonly id: number }
  /** Answers a `report-replicas` effect. */
  | {
      readonly type: 'replicas-reported'
      readonly to: NodeIdentity
      readonly shards: readonly ReplicaReport[]
    }

/** What a core wants done. */
export type CoreEffect =
  | {
      readonly type: 'send'
      readonly to: NodeIdentity
      readonly lane: Lane
      readonly message: ShardingMessage
    }
  /** The committed table is another: regions and routes act on this one, at once. */
  | {
      readonly type: 'table-committed'
      readonly table: ShardTable
      readonly changes: readonly RowChange[]
    }
  /**
   * `ShardingCore.leaseUntil` is another. Only told where a gate that was closed may have opened, or the
   * other way round: a lease that is renewed in time is no news.
   */
  | { readonly type: 'lease-changed'; readonly until: number }
  /** Somebody must know how far the copies here go: answer with `replicas-reported`. */
  | {
      readonly type: 'report-replicas'
      readonly to: NodeIdentity
      readonly shards: readonly ShardAtEpoch[]
    }
  | { readonly type: 'recovery-answered'; readonly answer: RecoveredMessage }
  /** Shards of a type have waited for long, for what may never come. */
  | {
      readonly type: 'shards-wait'
      readonly typeName: string
      readonly shards: readonly number[]
      /** What the first of them waits for. */
      readonly why: string
    }
  /** A shard goes on here, the coordinator, without what it waited for: somebody has decided so. */
  | {
      readonly type: 'shard-recovered'
      readonly question: RecoverMessage
      readonly answer: RecoveredMessage
    }
  /** Copies of the shard that come from elsewhere than what is kept are to be forgotten. */
  | GiveUpMessage
  /** This node became, or is no more, the coordinator. */
  | { readonly type: 'coordinating'; readonly isCoordinator: boolean; readonly term: number }
