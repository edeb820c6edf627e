// What a kind of structure consists of: a machine that carries out calls. It is deterministic: what it answers and how
// its state changes depends on the calls so far and on the time that each of them carries. So all copies of a
// structure, and the one that is made of its journal, come to the same.
//
// Schneider, "Implementing fault-tolerant services using the state machine approach", ACM Computing Surveys 22(4),
// 1990, §3.
import type { ByteReader, ByteWriter } from '@casty/transport'
import type { FreesRoom } from '@casty/persistence'
import type { DDataErrorCode } from '../errors.ts'

/** One call of one session, for as long as either is remembered. */
export interface CallId {
  /** 16 letters that stand for bytes. */
  readonly session: string
  /** From 1, in the order in which the session made its calls to this part. */
  readonly number: number
}

/** A call that is answered with a reason instead of a result. It changed nothing. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: DDataErrorCode
  /** What differs, where two do not agree on something. */
  readonly field: string
  readonly existing: number
  readonly requested: number

  constructor(code: DDataErrorCode, field = '', existing = 0, requested = 0) {
    super(code)
    this.code = code
    this.field = field
    this.existing = existing
    this.requested = requested
  }
}

/** What a machine may do beyond changing its own state. */
export interface Surroundings {
  /**
   * Milliseconds on the clock of the part, whole. It goes on where it stood when somebody else takes over: so what is
   * to happen after a time may happen late, and never early.
   */
  readonly now: number
  /** The epoch under which this is carried out. */
  readonly epoch: number
  /** Above all that were ever given out by this part under this epoch: at most 2³² of them. */
  nextCount(): number
  /** Answers a call that was parked. */
  settle(call: CallId, result: (out: ByteWriter) => void): void
  refuse(call: CallId, refusal: Refusal): void
  /** Tells the session of a parked call that it may have what it waits for, if only it says that it is there. */
  offer(call: CallId): void
  /**
   * Calls `timedOut` after so many milliseconds, unless somebody renews the timer, which leaves no trace. It starts
   * anew, with all of its time, whenever somebody else takes over. One of the same id is replaced.
   */
  startTimer(id: number, ms: number): void
  stopTimer(id: number): void
  /** Tells a session something that it could also find out by asking. It may never hear of it. */
  notify(session: string, notice: (out: ByteWriter) => void): void
  /** Tells whoever watches. They may miss it, and learn that they did. */
  changed(name: string, event: (out: ByteWriter) => void): void
}

/** What becomes of a call: its result is written, or follows later by `settle` or `refuse`. */
export type Outcome = 'done' | 'parked'

export interface Machine {
  /**
   * Carries out a call, and writes its result. One that throws a {@link Refusal}, or anything else, must have changed
   * nothing.
   */
  execute(call: CallId, input: ByteReader, out: ByteWriter, around: Surroundings): Outcome
  /** What two calls of one idempotency key have to agree on, where that is not all of them. It may throw, as for half a call. */
  intentOf?(call: Uint8Array): Uint8Array
  /**
   * Whether calls of a code make room: see `AppendRequest`. They are carried out also where there is little left, so that whoever has
   * filled it can empty it again. None does where there is no such structure: there may be any number of those.
   */
  freesRoom?(code: number): FreesRoom | undefined
  /** What its state takes when it is saved, at least; undefined where nobody counts it, as it is never much. */
  readonly bytes?: number
  /** Answers what changes nothing. @throws Refusal */
  read(input: ByteReader, out: ByteWriter, around: Surroundings): void
  /** A parked call is not waited for any more: whatever it did, or was about to get, is taken back. */
  withdraw(call: CallId, around: Surroundings): void
  /** A timer has run out. */
  timedOut(id: number, around: Surroundings): void
  /** Whether a parked call may have what it waits for: its session is told whenever it asks. */
  isOffered?(call: CallId): boolean
  /** Whether a session is taken to be gone: then `cameBack` is called as soon as anything is heard of it. */
  isAway?(session: string): boolean
  /** Nothing was heard of a session for longer than those who wait are silent. */
  wentAway?(session: string, around: Surroundings): void
  cameBack?(session: string, around: Surroundings): void
  /** What of its reads matters for calls to come, and nobody else knows: asked before each call, until there is nothing. */
  takeNote?(): Uint8Array | undefined
  /** Learns of it, as whoever goes on with the part does. */
  note?(note: ByteReader, around: Surroundings): void
  /** When `advance` has something to do next, by the clock of the part; Infinity where it has not. */
  due(): number
  /** Does what is due by now. */
  advance(around: Surroundings): void
  /** Whether it is as a new one. */
  readonly isEmpty: boolean
  /** All of its state as it is now, in pieces of about `pieceBytes`: also where it changes before the last one is taken. */
  save(pieceBytes: number): Iterable<Uint8Array>
  /** Takes one piece of what another one saved, in their order, and nothing else before them. */
  restore(piece: ByteReader): void
}
