// What the owner of a shard asks of its replicas, and what they answer.
import type { CopyVersion } from './copy-version.ts'
import type { Operation, Piece } from './copy.ts'
import type { Lineage } from './lineage.ts'

/** One operation on one id, on exactly the version before it. */
export interface ReplicatedEntry {
  readonly id: string
  readonly previous: CopyVersion
  readonly version: CopyVersion
  readonly operation: Operation
}

/** What the owner of a shard did in one turn, in order, for its replicas to do as well. */
export interface ReplicateEvents {
  readonly type: 'replicate-events'
  readonly entries: readonly ReplicatedEntry[]
}

/**
 * All carry the epoch of the owner: whoever knows a higher one answers with that, and does nothing; and where the owner's copies are
 * from, so that nothing is done to copies of another lineage.
 */
export type ReplicaRequest =
  /** Which ids there are, in order, from behind `after` on. From then on lower epochs are refused. */
  | { readonly type: 'list'; readonly token: number; readonly after: string | undefined }
  /** Records of an id, from `offset` on. */
  | { readonly type: 'pull'; readonly token: number; readonly id: string; readonly offset: number }
  /** The next piece of a whole copy, which takes the place of what is there. */
  | { readonly type: 'push'; readonly token: number; readonly piece: Piece }
  | ReplicateEvents
  /** Answered behind all that was asked for before: what has no answer by then is lost. */
  | { readonly type: 'check'; readonly token: number }
  /** Answers an `offer`: nothing of what is there is needed. */
  | { readonly type: 'dismiss' }

export interface ListedCopy {
  readonly id: string
  readonly version: CopyVersion
}

/** What a replica has after that. */
export interface ReplicateEventsAck {
  readonly type: 'replicate-events-ack'
  /** What is there now, of those that fitted. */
  readonly copies: readonly ListedCopy[]
  /** Ids of which something is missing: it has to come first. */
  readonly behind: readonly string[]
  /** Ids for which there was no room: they are behind as well. */
  readonly full: readonly string[]
}

export type ReplicaAnswer =
  | {
      readonly type: 'listed'
      readonly token: number
      readonly copies: readonly ListedCopy[]
      readonly isEnd: boolean
      /** Whether all of them are where the replica is to keep them: on its disk, where it has one. */
      readonly isStored: boolean
      /** Undefined where there are none, or where they are in memory only. */
      readonly lineage: Lineage | undefined
    }
  /** Undefined where there is nothing of that id. */
  | { readonly type: 'pulled'; readonly token: number; readonly piece: Piece | undefined }
  /** Where the next piece has to begin: 0 where the copy has to be sent anew. */
  | { readonly type: 'pushed'; readonly token: number; readonly next: number }
  | ReplicateEventsAck
  | { readonly type: 'checked'; readonly token: number }
  /** There is no room for a copy that was pushed. */
  | { readonly type: 'no-room'; readonly id: string }
  /** A higher epoch is known. */
  | { readonly type: 'fenced'; readonly epoch: number }
  /** Somebody who is no replica of the shard has copies of it on disk, of a life before this one perhaps. */
  | { readonly type: 'offer' }
  /** What is there is of another lineage than what the owner has, and stays as it is. */
  | { readonly type: 'other-lineage'; readonly lineage: Lineage }
