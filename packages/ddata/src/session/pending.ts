// Calls that a process waits for.
import type { ByteReader } from '@casty/transport'
import type { DDataError } from '../errors.ts'
import type { Refusal } from '../state/machine.ts'

/** How a call ends for who made it. Exactly one of these, once. */
export interface CallEnd {
  /**
   * @param gaveUp - it was not waited for any more, and its result crossed the word of that
   * @param notBefore - of a call, by the clock of this process: when it certainly waited still, or was not made yet
   */
  done(result: ByteReader, gaveUp?: DDataError, notBefore?: number): void
  refused(refusal: Refusal): void
  failed(error: unknown): void
  /** It is written that it waits for its turn. */
  readonly parked?: (() => void) | undefined
  /**
   * It may have what it waits for if it says that it is there. Told again until it has said so; and told before it is
   * written, so whoever takes over may know nothing of it.
   */
  readonly offered?: (() => void) | undefined
  /** It was waited for long enough, and its part is told so. How it ended follows, as soon as that is known. */
  readonly givesUp?: ((error: DDataError) => void) | undefined
  /** It had failed, since nobody said how it ended; and then it was done: what came of it is to be given back. */
  readonly late?: ((result: ByteReader) => void) | undefined
}

/** What is asked for along with a call. */
export interface CallTerms {
  /** For the texts of errors: as in `increment of counter visits`. */
  readonly what: string
  /** Within which it is carried out, or is known to wait, in milliseconds. */
  readonly timeoutMs: number
  /**
   * How long it may wait for its turn, in milliseconds; Infinity: as long as it takes. Undefined: it never waits, or its
   * waiting is within `timeoutMs`.
   */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal
  /** One effect for each key, whoever calls. */
  readonly key?: string | undefined
}

/** A call under way. Mutable, and of its lane alone. */
export interface PendingCall {
  readonly number: number
  readonly end: CallEnd
  readonly terms: CallTerms
  /** Replaced by one that does nothing, when nobody wants its effect any more. */
  call: Uint8Array
  /** Whether it may be parked: then it ends only once its part says that it waits no more. */
  readonly mayWait: boolean
  isParked: boolean
  /** Somebody is told already. */
  hasEnded: boolean
  /** Why its waiting is being ended. */
  giveUp: 'timeout' | 'abort' | undefined
  /** Answers of other calls that this one says are received. */
  readonly received: readonly number[]
  /** When it is given up; from then on, when its end is not waited for any longer. */
  deadline: number
  readonly madeAt: number
  sentAt: number
  /** When it was sent last, as its part was heard to say that it waits: what is heard next is about then, or later. */
  askedAt: number
  /** When it certainly had no answer. */
  notBefore: number
}

export interface PendingRead {
  readonly type: 'read'
  readonly number: number
  readonly end: CallEnd
  readonly after: number
  readonly isStrict: boolean
  readonly call: Uint8Array
  readonly terms: CallTerms
  readonly deadline: number
  sentAt: number
}

/** As `end`, and lets go of the signal that may cut the call short. */
export function untilEnded(
  end: CallEnd,
  { signal }: Pick<CallTerms, 'signal'>,
  abort: () => void,
): CallEnd {
  if (!signal) return end
  signal.addEventListener('abort', abort, { once: true })
  const letGo = (): void => signal.removeEventListener('abort', abort)
  return {
    done(result, gaveUp, notBefore) {
      letGo()
      end.done(result, gaveUp, notBefore)
    },
    refused(refusal) {
      letGo()
      end.refused(refusal)
    },
    failed(error) {
      letGo()
      end.failed(error)
    },
    parked: () => end.parked?.(),
    offered: () => end.offered?.(),
    givesUp: (error) => end.givesUp?.(error),
    late: (result) => end.late?.(result),
  }
}
