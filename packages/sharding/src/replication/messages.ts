// What the owner of a shard asks of its replicas, and what they answer.
import type { CopyVersion } from './copy-version.ts'
import type { Operation, Piece } from './copy.ts'

/** All carry the epoch of the owner: whoever knows a higher one answers with that, and does nothing. */
export type ReplicaRequest =
  /** Which ids there are, in order, from behind `after` on. From then on lower epochs are refused. */
  | { readonly type: 'list'; readonly token: number; readonly after: string | undefined }
  /** Records of an id, from `offset` on. */
  | { readonly type: 'pull'; readonly token: number; readonly id: string; readonly offset: number }
  /** The next piece of a whole copy, which takes the place of what is there. */
  | { readonly type: 'push'; readonly token: number; readonly piece: Piece }
  /** One operation, on exactly the version before it. */
  | {
      readonly type: 'replicate-events'
      readonly id: string
      readonly previous: CopyVersion
      readonly version: CopyVersion
      readonly operation: Operation
    }

export interface ListedCopy {
  readonly id: string
  readonly version: CopyVersion
}

export type ReplicaAnswer =
  | {
      readonly type: 'listed'
      readonly token: number
      readonly copies: readonly ListedCopy[]
      readonly isEnd: boolean
    }
  /** Undefined where there is nothing of that id. */
  | { readonly type: 'pulled'; readonly token: number; readonly piece: Piece | undefined }
  /** Where the next piece has to begin: 0 where the copy has to be sent anew. */
  | { readonly type: 'pushed'; readonly token: number; readonly next: number }
  | {
      readonly type: 'replicate-events-ack'
      readonly id: string
      /** What is there now. */
      readonly version: CopyVersion
    }
  /** It fitted not: what is missing has to come first. */
  | { readonly type: 'behind'; readonly id: string }
  /** A higher epoch is known. */
  | { readonly type: 'fenced'; readonly epoch: number }
