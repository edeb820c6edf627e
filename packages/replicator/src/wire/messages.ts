import type { AnyValue } from '../any-value.ts'
import type { Digest } from '../core/digests.ts'
import type { Envelope } from '../core/envelope.ts'

/** A key with its value, or what changed in it. */
export interface KeyState {
  readonly key: string
  readonly envelope: Envelope<AnyValue>
}

/** What replicators tell each other. */
export type ReplicatorMessage =
  /** Take this, and say that you have. */
  | { readonly type: 'write'; readonly id: number; readonly state: KeyState }
  | { readonly type: 'written'; readonly id: number }
  /** Tell what you have of a key. */
  | { readonly type: 'read'; readonly id: number; readonly key: string }
  | { readonly type: 'read-answer'; readonly id: number; readonly state: KeyState | undefined }
  /** What the sender changed. */
  | { readonly type: 'deltas'; readonly states: readonly KeyState[] }
  /** What the sender has of each bucket. */
  | { readonly type: 'summary'; readonly buckets: readonly Digest[] }
  /** What the sender has in one bucket, or as much of it as fits: then `isWhole` is false. */
  | {
      readonly type: 'bucket'
      readonly bucket: number
      readonly isWhole: boolean
      readonly digests: readonly (readonly [key: string, digest: Digest])[]
    }
  /** Whole values. With `answers`, the receiver tells what it has where that is more. */
  | { readonly type: 'states'; readonly answers: boolean; readonly states: readonly KeyState[] }
  /** Tell the whole values of these keys. */
  | { readonly type: 'want'; readonly keys: readonly string[] }
  /** Clients of the sender that are there have changed values under these names. */
  | { readonly type: 'clients'; readonly names: readonly string[] }
