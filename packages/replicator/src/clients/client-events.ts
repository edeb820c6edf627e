import type { CrdtType, Replica } from '@casty/crdt'
import type { AnyValue } from '../any-value.ts'
import type { Call, CallOutcome } from '../core/events.ts'
import type { ReplicatorError } from '../errors.ts'
import type { ClientMessage } from './client-messages.ts'

/** When something happened, by a monotonic clock and by the wall clock. */
export interface ClientMoment {
  readonly nowMs: number
  readonly wallMs: number
}

export type ClientCoreEvent =
  /** Another member is asked from now on, or none is in reach. */
  | { readonly type: 'contact-changed'; readonly contact: string | undefined }
  | { readonly type: 'message-received'; readonly from: string; readonly message: ClientMessage }
  | {
      readonly type: 'update-requested'
      readonly call: Call
      /** May throw: then nothing was changed, and the call fails with that. */
      readonly change: (value: AnyValue, replica: Replica) => AnyValue
    }
  | { readonly type: 'read-requested'; readonly call: Call }
  | {
      readonly type: 'hold-requested'
      readonly key: string
      readonly valueType: CrdtType<AnyValue>
    }
  | { readonly type: 'release-requested'; readonly key: string }
  /** Nobody waits for that call any more; what it changed stays changed. */
  | { readonly type: 'call-abandoned'; readonly id: number }
  | { readonly type: 'time-passed' }

/** What a client is told beside values. */
export type ClientReplicatorEvent =
  /**
   * It was out of touch for so long that what it held may be older than what members still remember, or a member has
   * given up its name: all is told anew, and what it had changed in these keys without an answer is lost.
   */
  | {
      readonly type: 'began-anew'
      readonly reason: 'out-of-touch' | 'given-up'
      readonly lost: readonly string[]
    }
  /**
   * The members refused what was changed of a key, when its call had ended as unconfirmed or was not waited for any more:
   * it is undone, and what they have is delivered as the value. The error is what the call would have failed with.
   */
  | { readonly type: 'refused'; readonly key: string; readonly error: ReplicatorError }
  /** The members do not let clients hold these keys. */
  | { readonly type: 'denied'; readonly keys: readonly string[] }

export type ClientEffect =
  /** To the contact. */
  | { readonly type: 'send'; readonly message: ClientMessage }
  | { readonly type: 'publish'; readonly key: string; readonly value: AnyValue }
  | { readonly type: 'answer'; readonly id: number; readonly outcome: CallOutcome }
  | { readonly type: 'tell'; readonly event: ClientReplicatorEvent }

export interface ClientCoreSettings {
  /** Of the client, as members know it. */
  readonly self: string
  readonly watchIntervalMs: number
  readonly maxKeys: number
  readonly maxValueBytes: number
  readonly maxPending: number
  readonly maxAbsenceMs: number
}
