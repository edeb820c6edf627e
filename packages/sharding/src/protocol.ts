// What the nodes of one data center tell each other to agree on who runs which shard. All of it travels in
// frames of type `shardingFrameType`; the frames of entities' messages, fences and handed over state are others.
import type { NodeIdentity } from '@casty/transport'
import type { Lineage } from './replication/lineage.ts'
import type { Electorate } from './table/electorate.ts'
import type { ShardRow } from './table/shard-row.ts'
import type { Version } from './table/version.ts'

/** The frame type on `Cluster.endpoint` of the messages below. */
export const shardingFrameType = 40

/** What all nodes must know alike of an entity type. */
export interface TypeSettings {
  readonly name: string
  /** At least 1. Never changes while the table lives: the first to start the type decides. */
  readonly numShards: number
  /** How many nodes beside the owner keep copies of what entities write. */
  readonly replicas: number
  /** On how many disks a write is at least when it is confirmed; 0 where copies are in memory only. */
  readonly disks: number
}

/** One step of the table. */
export type Change =
  | { readonly type: 'electorate'; readonly electorate: Electorate }
  /** Declares a type, all of its shards unowned; or changes settings of one that is known. */
  | {
      readonly type: 'type'
      readonly settings: TypeSettings
      /** Which record of hosts goes on: see `TypeTable`. 0 where that stays as it is. */
      readonly census: number
    }
  | {
      readonly type: 'shards'
      readonly typeName: string
      readonly rows: readonly { readonly shard: number; readonly row: ShardRow }[]
    }

/** Changes that take effect together. */
export interface Batch {
  readonly version: Version
  /** To the table of exactly this version. */
  readonly previous: Version
  readonly changes: readonly Change[]
}

/** A region's right to run what the table gives it. */
export interface Grant {
  /** The answer to this round was what asked for it: the time counts from when that was sent. */
  readonly round: number
  readonly forMs: number
  /** Nothing runs before the region has applied the table up to here. */
  readonly after: Version
}

/**
 * From whoever is coordinator, or wants to be, to every member: asks for a promise, or to renew it.
 * Answered by an `answer` or a `refusal`.
 */
export interface RoundMessage {
  readonly type: 'round'
  readonly term: number
  /** Counts up in a term. */
  readonly round: number
  /** Up to where changes were acknowledged by a majority. */
  readonly committed: Version
  /** What the sender's table is. */
  readonly version: Version
  /** Whether there is no electorate to ask, or too little is left of it: all must agree to begin anew. */
  readonly isFounding: boolean
  readonly grant: Grant | undefined
  /** Which of the member's `regions` messages the coordinator has; 0 where none. */
  readonly regionsVersion: number
}

/** A promise: no other coordinator for `leaseMs` from now. Also asks for a region lease. */
export interface AnswerMessage {
  readonly type: 'answer'
  readonly term: number
  readonly round: number
  readonly version: Version
  /** Up to where the table was applied. */
  readonly applied: Version
  readonly regionsVersion: number
  /** For so long, region leases of a coordinator that resigned may last. */
  readonly leasesForMs: number
}

export type RefusalReason =
  /** Another coordinator has this member's promise. */
  | 'promised'
  /** A later term is known. */
  | 'old-term'
  /** The table is to be begun anew, and this member sees a majority of its voters alive. */
  | 'not-lost'
  /** The table is to be begun anew, and members were lost not long ago: they may still be at work. */
  | 'not-yet'
  /** The sender is no member here, or is down. */
  | 'no-member'

export interface RefusalMessage {
  readonly type: 'refusal'
  readonly term: number
  readonly round: number
  readonly reason: RefusalReason
  readonly highestTerm: number
  /** How long the reason will last at most, as far as that is known; else 0. */
  readonly retryAfterMs: number
}

/** Batches that follow on each other, from the coordinator of `term`. Answered by `accepted`. */
export interface EntriesMessage {
  readonly type: 'entries'
  readonly term: number
  readonly batches: readonly Batch[]
}

/** Where a member's table stands, after entries or a snapshot, whether or not they fitted. */
export interface AcceptedMessage {
  readonly type: 'accepted'
  readonly term: number
  readonly version: Version
}

/** Asks a member for its whole table, which is ahead of that of whoever wants to be coordinator. */
export interface FetchMessage {
  readonly type: 'fetch'
  readonly term: number
}

/** One part of a whole table: from the coordinator, or as the answer to a `fetch`. */
export interface SnapshotMessage {
  readonly type: 'snapshot'
  /** Of the coordinator, or of whoever asked. */
  readonly term: number
  readonly version: Version
  readonly part: number
  readonly parts: number
  readonly changes: readonly Change[]
}

/** Which types the sender can run shards of. Sent until a round tells that the coordinator has it. */
export interface RegionsMessage {
  readonly type: 'regions'
  readonly version: number
  readonly types: readonly TypeSettings[]
}

/** A shard under the epoch at which its owner had it. */
export interface ShardAtEpoch {
  readonly typeName: string
  readonly shard: number
  readonly epoch: number
}

/** Nothing of these shards, which were moving, runs at the sender any more. Sent again until the table changes. */
export interface ReleasedMessage {
  readonly type: 'released'
  readonly shards: readonly ShardAtEpoch[]
}

/** Somebody has written under a higher epoch than the sender owns the shard at. */
export interface EpochBehindMessage {
  readonly type: 'epoch-behind'
  readonly shard: ShardAtEpoch
  /** The highest epoch known to have written. */
  readonly written: number
}

/** The coordinator of `term` ends it by itself. */
export interface ResignMessage {
  readonly type: 'resign'
  readonly term: number
  /** For so long at most, region leases that it granted last. */
  readonly leasesForMs: number
}

/** Asks a replica how far its copies of shards go. */
export interface ReplicaQueryMessage {
  readonly type: 'replica-query'
  readonly shards: readonly ShardAtEpoch[]
}

/** How far copies go: of two, those with the higher epoch are ahead, then those with the higher position. */
export interface Copies {
  /** Under which the last of what is copied was written. */
  readonly epoch: number
  /** Grows with everything that is written. */
  readonly position: number
}

/** Answers a `replica-query`, shard by shard. */
export interface ReplicaReportMessage {
  readonly type: 'replica-report'
  readonly shards: readonly ReplicaReport[]
}

/** What a replica has of one shard that it was asked for. */
export interface ReplicaReport extends ShardAtEpoch {
  /** Undefined where it has nothing. */
  readonly copies: Copies | undefined
  /** Where these come from; undefined where it has nothing, or has it in memory only. */
  readonly lineage: Lineage | undefined
  /** Who had copies of the type, as far as it wrote down, in each census that it knew of and that is not done with. */
  readonly censuses: readonly CensusReport[]
}

/** What nodes of different censuses wrote down says nothing of each other: see `TypeTable`. */
export interface CensusReport {
  readonly census: number
  /** All nodes that had copies, each address once: in the first life that may have had some, as far as is known. */
  readonly hosts: readonly NodeIdentity[]
  /**
   * Whether the one that tells first heard of it after that, or has yet to be filled: what it wrote down does not say
   * that it is one of those.
   */
  readonly isLate: boolean
  /** Of one that is late: whether somebody whom it names had whatever was confirmed when it came. */
  readonly namesAll: boolean
  /** The incarnation in which the disk of the one that tells was new: a life before that had another one. */
  readonly diskSince: number
}

/**
 * The sender owns these shards, has confirmed nothing of them, and was told of copies that come from elsewhere. Sent
 * again until the table changes.
 */
export interface ContestedMessage {
  readonly type: 'contested'
  readonly shards: readonly ShardAtEpoch[]
}

/** A shard whose owner has all that any of its replicas had, and those that are to keep copies have it too. */
export interface ReplicatedShardReport extends ShardAtEpoch {
  /** All of the row, in its order: of another row nothing is said. */
  readonly replicas: readonly NodeIdentity[]
  /** Those of them that are needed no more. What they confirm does not count from before this was told. */
  readonly superfluous: readonly NodeIdentity[]
}

/** The sender owns these shards. Sent again until the table changes. */
export interface ReplicatedMessage {
  readonly type: 'replicated'
  readonly shards: readonly ReplicatedShardReport[]
}

/** Asks the coordinator to have a shard go on without what it waits for. Sent again until it is answered by a `recovered`. */
export interface RecoverMessage {
  readonly type: 'recover'
  /** Of the sender's questions. */
  readonly id: number
  readonly typeName: string
  readonly shard: number
  /** Whose copies count; 0 where there is but one, or none. */
  readonly lineage: number
  /** Somebody was asked before: perhaps it was carried out, and the answer lost. */
  readonly isAgain: boolean
}

/** Who had copies that do not count any more. */
export interface GivenUpLineage {
  readonly lineage: number
  readonly nodes: readonly NodeIdentity[]
}

export type RecoveryOutcome =
  | 'recovered'
  /** The shard waits for nothing that could be given up. */
  | 'not-waiting'
  /** There are copies of several lineages: one has to be named. */
  | 'lineage-needed'
  /** Nobody who told has copies of that lineage. */
  | 'unknown-lineage'

/** Answers a `recover`. */
export interface RecoveredMessage {
  readonly type: 'recovered'
  readonly id: number
  readonly outcome: RecoveryOutcome
  /** How many more nodes would have had to tell what they have. */
  readonly missing: number
  /** With `recovered`, what was given up; else what there is. */
  readonly lineages: readonly GivenUpLineage[]
}

/**
 * Somebody has decided that copies of a shard which come from elsewhere do not count: they are forgotten, on disk as
 * well.
 */
export interface GiveUpMessage {
  readonly type: 'give-up'
  readonly typeName: string
  readonly shard: number
  /** The lineage that counts. */
  readonly kept: number
}

/** Everything that travels in frames of type `shardingFrameType`. */
export type ShardingMessage =
  | RoundMessage
  | AnswerMessage
  | RefusalMessage
  | EntriesMessage
  | AcceptedMessage
  | FetchMessage
  | SnapshotMessage
  | RegionsMessage
  | ReleasedMessage
  | EpochBehindMessage
  | ResignMessage
  | ReplicaQueryMessage
  | ReplicaReportMessage
  | ReplicatedMessage
  | ContestedMessage
  | RecoverMessage
  | RecoveredMessage
  | GiveUpMessage
