// What is known of the copies of a shard before it is given to somebody.
import type { NodeIdentity } from '@casty/transport'

/** Who has copies of a shard, as far as they were asked. */
export interface Found {
  /** Those whose copies go furthest. */
  readonly furthest: readonly NodeIdentity[]
  /** All who have some. */
  readonly keepers: readonly NodeIdentity[]
  /** Under which the last of it was written; 0 where there is nothing. */
  readonly epoch: number
  /** Of what may have been confirmed; undefined where nothing is known to be. */
  readonly lineage: number | undefined
  /**
   * Where nothing is known to be confirmed in any copies, that of the furthest ones of the first census in which there are some: others may have got the same, who
   * cannot know that. Undefined where there is nothing that may go on.
   */
  readonly begun: number | undefined
  /** Of which census the nodes are that have it; 0 where they do not know. */
  readonly census: number
  /** Somebody has decided to go on with that, whatever is missing. */
  readonly isForced: boolean
}

/** Where nobody has copies. */
export const nothing: Found = {
  furthest: [],
  keepers: [],
  epoch: 0,
  lineage: undefined,
  begun: undefined,
  census: 0,
  isForced: false,
}
