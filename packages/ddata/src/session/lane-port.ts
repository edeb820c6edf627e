// What a lane is given, and what it tells.
import type { Clock } from '@casty/clock'
import type { ByteReader } from '@casty/transport'
import type { DDataError } from '../errors.ts'
import type { ReplyEntry } from '../protocol/messages.ts'
import type { Lane } from './lane.ts'

/** What is held is given back at the end within so many milliseconds: a system that shuts down waits for little more. */
export const giveBackMs = 3_000

/** How a lane sends again, and when it gives up. */
export interface LaneSettings {
  /** After so long without an answer, at first; twice as long each time, in milliseconds. */
  readonly resendMs: number
  readonly maxResendMs: number
  /** A call that waits for its turn makes itself heard so often, in milliseconds. */
  readonly pollMs: number
  /** Without a word of its part for so long, nothing waits any more, in milliseconds. */
  readonly sessionTtlMs: number
  /**
   * Who gave up waiting is told so after so long, where its part does not say how it ended; and who would wait for however
   * long, where its part cannot be asked at all. In milliseconds.
   */
  readonly settleMs: number
  /** No call is sent again after so long: by then its answer may be forgotten. In milliseconds. */
  readonly horizonMs: number
  readonly maxRequestBytes: number
}

/** Why nothing is answered, and since when nothing else is heard; −Infinity where that is not known. */
export interface Stuck {
  readonly why: string
  readonly since: number
}

/** A part cannot be asked. */
export interface Nobody {
  /** A sentence without its end. */
  readonly why: string
  /** Its owner is out of reach, and comes back, or another one takes over: that is worth waiting for. */
  readonly isForNow: boolean
}

export interface LanePort {
  readonly clock: Clock
  /** Sends what was gathered. */
  send(part: string, request: Uint8Array): void
  /** Another one each time: no part takes one lane, or one life of it, for another. What comes for it is the lane's. */
  newSession(lane: Lane): Uint8Array
  /** Nothing comes for it any more. */
  endSession(session: Uint8Array): void
  /** What it waited for or held there is over. */
  sessionLost(error: DDataError): void
  /** Undefined where it is not known that a part cannot be asked. */
  whyNobody(part: string): Nobody | undefined
  /** There is something more to be said: has `flush` called at the end of the turn, or at once where much has gathered. */
  hasToSend(lane: Lane): void
  /** Has `look` called by then. */
  deadlineMoved(at: number): void
}

/** See `ReplyEntry`. */
export type WatchedChange = ReplyEntry & { readonly type: 'change' }

/** Who wants to hear what comes from a part beside answers. */
export interface LaneListener {
  /** Whether something is held there under the session. */
  holds?(): boolean
  /** Timers that do not run there: whatever was held by them is lost. */
  lost(timers: readonly number[]): void
  renewed(renewal: number): void
  notice(notice: ByteReader): void
  change(change: WatchedChange, epoch: number): void
  /** The part does not know the session any more: all that it held there is gone, as far as anybody knows. */
  forgotten(): void
}
