import type { CrdtType, Replica } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import type { Consistency } from '../consistency.ts'
import type { KeyState, ReplicatorMessage } from '../wire/messages.ts'
import type { Envelope } from './envelope.ts'

/** When something happened, by a monotonic clock and by the wall clock, and a draw from [0, 1). */
export interface Moment {
  readonly nowMs: number
  readonly wallMs: number
  readonly draw: number
}

/** A call of the user's, which is answered by an `answer` with its id. */
export interface Call {
  readonly id: number
  readonly key: string
  readonly type: CrdtType<AnyValue>
  readonly consistency: Consistency
  readonly timeoutMs: number
}

export type ReplicatorEvent =
  | {
      readonly type: 'members-changed'
      /** The other nodes that hold values, in an order that stays. */
      readonly nodes: readonly string[]
      readonly reachable: ReadonlySet<string>
      /** Those that are gone for good. */
      readonly removed: readonly string[]
      /** Whether this node is the one that begins to prune. */
      readonly prunes: boolean
    }
  | {
      readonly type: 'message-received'
      readonly from: string
      readonly message: ReplicatorMessage
    }
  | {
      readonly type: 'update-requested'
      readonly call: Call
      /** May throw: then nothing was changed, and the call fails with that. */
      readonly change: (value: AnyValue, replica: Replica) => AnyValue
    }
  | { readonly type: 'read-requested'; readonly call: Call }
  /** What was kept by a former life of this node. */
  | { readonly type: 'values-restored'; readonly states: readonly KeyState[] }
  /** Clients that are there have changed values under these names. */
  | { readonly type: 'clients-named'; readonly names: readonly string[] }
  /** Nobody waits for that call any more. */
  | { readonly type: 'call-abandoned'; readonly id: number }
  | { readonly type: 'time-passed' }

export type CallOutcome =
  /** As many nodes as were asked for have it. */
  | { readonly type: 'confirmed'; readonly value: AnyValue; readonly nodes: number }
  /** So many have it for certain. A change is not undone: it reaches the others in time. */
  | {
      readonly type: 'unconfirmed'
      readonly value: AnyValue
      readonly nodes: number
      readonly needed: number
    }
  | { readonly type: 'failed'; readonly error: unknown }

export type ReplicatorEffect =
  | {
      readonly type: 'send'
      readonly to: string
      readonly message: ReplicatorMessage
      /** Not before what was changed of that key is kept. */
      readonly afterKeeping?: string
    }
  /** The key was changed, or forgotten. */
  | { readonly type: 'keep'; readonly key: string }
  | {
      readonly type: 'publish'
      readonly key: string
      readonly value: AnyValue
      /** What was joined into it, with how far prunings got since. */
      readonly change: Envelope<AnyValue>
    }
  | {
      readonly type: 'answer'
      readonly id: number
      readonly key: string
      readonly outcome: CallOutcome
    }

/** Why something that came was not heeded. */
export type DropReason =
  | 'full'
  | 'implausible'
  | 'malformed'
  | 'not-a-client'
  | 'not-a-member'
  | 'type-mismatch'
  | 'unknown-type'

export interface CoreSettings {
  readonly self: string
  readonly maxKeys: number
  readonly maxValueBytes: number
  readonly maxPending: number
  readonly deltaIntervalMs: number
  readonly gossipIntervalMs: number
  readonly pruningDelayMs: number
  readonly pruningMarkerMs: number
  readonly forgetEmptyAfterMs: number
  readonly clientNameMs: number
  /** Whether the value of a key outlives nodes: pure. */
  readonly isKept: (key: string) => boolean
}
