import type { JournalError, JournalHead } from '@casty/persistence'

/** How an operation on copies of a shard went, as its owner knows. */
export type ReplicationOutcome =
  | { readonly type: 'confirmed'; readonly head: JournalHead }
  /** It was applied here. Whether enough replicas have it is not known. */
  | {
      readonly type: 'timed-out'
      readonly acknowledged: number
      /** How many replicas have no room for a copy. */
      readonly withoutRoom: number
      readonly isStoredHere: boolean
    }
  /** Too few replicas were in reach for as long: nothing was done. */
  | { readonly type: 'unavailable'; readonly inReach: number }
  /** Nothing was done. */
  | { readonly type: 'refused'; readonly error: JournalError }
  /** The shard is another's: whether that one knows of what was applied here is not known. */
  | { readonly type: 'over'; readonly epoch: number; readonly wasApplied: boolean }

export type Settle = (outcome: ReplicationOutcome) => void
