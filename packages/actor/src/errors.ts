import type { DeadLetterReason } from './dead-letter.ts'

/** What an {@link ActorError} is about. */
export type ActorErrorCode =
  | 'CASTY_ACTOR_INVALID_OPTION'
  | 'CASTY_ACTOR_INVALID_BEHAVIOR'
  | 'CASTY_ACTOR_NAME_TAKEN'
  | 'CASTY_ACTOR_NOT_A_CHILD'
  | 'CASTY_ACTOR_FOREIGN_REF'
  | 'CASTY_ACTOR_MAILBOX_FULL'
  | 'CASTY_ACTOR_STASH_FULL'
  | 'CASTY_ACTOR_STOPPED'
  | 'CASTY_ACTOR_DEATH_PACT'
  | 'CASTY_ACTOR_ASK_TIMEOUT'
  | 'CASTY_ACTOR_ASK_CYCLE'
  | 'CASTY_ACTOR_ASK_UNANSWERED'
  | 'CASTY_ACTOR_SHUTDOWN_TIMEOUT'
  | 'CASTY_ACTOR_STREAM_FAILED'
  | 'CASTY_ACTOR_STREAM_BROKEN'
  | 'CASTY_ACTOR_STREAM_BUSY'
  | 'CASTY_ACTOR_EXPECTATION_FAILED'

/** After these the actor may have done some of what it was asked, or all of it. */
const unknownOutcomes: ReadonlySet<DeadLetterReason> = new Set<DeadLetterReason>([
  'failed',
  'not-serializable',
  'lost',
  'node-gone',
])

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class ActorError extends Error {
  override readonly name = 'ActorError'
  readonly code: ActorErrorCode
  /** Of `CASTY_ACTOR_ASK_UNANSWERED`: what became of the question. */
  readonly reason: DeadLetterReason | undefined

  private constructor(
    code: ActorErrorCode,
    message: string,
    options?: ErrorOptions,
    reason?: DeadLetterReason,
  ) {
    super(message, options)
    this.code = code
    this.reason = reason
  }

  /** @param of - whose option it is, as in `spawn()` */
  static invalidOption(of: string, option: string, value: unknown, allowed: string): ActorError {
    return new ActorError(
      'CASTY_ACTOR_INVALID_OPTION',
      `Option ${option} of ${of} is ${textOf(value)}; allowed is ${allowed}.`,
    )
  }

  static invalidOptions(of: string, value: unknown): ActorError {
    return new ActorError(
      'CASTY_ACTOR_INVALID_OPTION',
      `The options of ${of} are ${textOf(value)}; allowed is an object.`,
    )
  }

  static unknownOption(of: string, option: string, known: readonly string[]): ActorError {
    return new ActorError(
      'CASTY_ACTOR_INVALID_OPTION',
      `Option ${option} of ${of} is not known; allowed is ${known.join(', ')}.`,
    )
  }

  static invalidBehavior(path: string, value: unknown): ActorError {
    return new ActorError(
      'CASTY_ACTOR_INVALID_BEHAVIOR',
      `${path} was given ${textOf(value)} for a behavior; make one with Behaviors, and have setup() return ` +
        'one that receives messages.',
    )
  }

  static nameTaken(path: string): ActorError {
    return new ActorError(
      'CASTY_ACTOR_NAME_TAKEN',
      `${path} lives, or has not stopped yet; wait for its end, or spawn under another name.`,
    )
  }

  static notAChild(parent: string, path: string): ActorError {
    return new ActorError(
      'CASTY_ACTOR_NOT_A_CHILD',
      `${path} is no child of ${parent}, which may stop only its own; tell it to stop.`,
    )
  }

  static foreignRef(path: string, system: string): ActorError {
    return new ActorError(
      'CASTY_ACTOR_FOREIGN_REF',
      `${path} belongs to another actor system than ${system}, and cannot be watched or stopped here.`,
    )
  }

  static mailboxFull(path: string, capacity: number): ActorError {
    return new ActorError(
      'CASTY_ACTOR_MAILBOX_FULL',
      `The mailbox of ${path} holds ${capacity} messages, which is all it may; send less, or raise its capacity.`,
    )
  }

  static stashFull(path: string, capacity: number): ActorError {
    return new ActorError(
      'CASTY_ACTOR_STASH_FULL',
      `The stash of ${path} holds ${capacity} messages, which is all it may; unstash sooner, or raise its capacity.`,
    )
  }

  static stopped(what: string): ActorError {
    return new ActorError(
      'CASTY_ACTOR_STOPPED',
      `${what} has stopped, or is about to stop or to begin anew.`,
    )
  }

  static deathPact(path: string, watched: string): ActorError {
    return new ActorError(
      'CASTY_ACTOR_DEATH_PACT',
      `${path} watches ${watched}, which has stopped, and does not handle the signal; handle it, or use watchWith().`,
    )
  }

  /** @param what - a sentence */
  static expectationFailed(what: string): ActorError {
    return new ActorError('CASTY_ACTOR_EXPECTATION_FAILED', what)
  }

  static streamFailed(path: string, cause: unknown): ActorError {
    return new ActorError(
      'CASTY_ACTOR_STREAM_FAILED',
      `The stream of ${path} failed before it had ended; the cause tells why.`,
      { cause },
    )
  }

  static streamBroken(path: string): ActorError {
    return new ActorError(
      'CASTY_ACTOR_STREAM_BROKEN',
      `An end of the stream of ${path} stopped before the stream had ended, or an element was lost; read it again, ` +
        'with a demand that the mailbox has room for.',
    )
  }

  static streamBusy(path: string, maxSubscribers: number): ActorError {
    return new ActorError(
      'CASTY_ACTOR_STREAM_BUSY',
      `${path} serves ${maxSubscribers} readers, which is all it may; read later, or raise maxSubscribers.`,
    )
  }

  /** @param left - what it waits for, a sentence each */
  static shutdownTimeout(what: string, timeoutMs: number, left: readonly string[]): ActorError {
    return new ActorError(
      'CASTY_ACTOR_SHUTDOWN_TIMEOUT',
      [`${what} took longer than ${timeoutMs} ms, and is not waited for any more.`, ...left].join(
        ' ',
      ),
    )
  }

  static askTimeout(path: string, timeoutMs: number): ActorError {
    return new ActorError(
      'CASTY_ACTOR_ASK_TIMEOUT',
      `${path} did not answer within ${timeoutMs} ms. Whether it handled the message is not known.`,
    )
  }

  /** @param paths - who waits for whom, the first and the last alike */
  static askCycle(paths: readonly string[]): ActorError {
    return new ActorError(
      'CASTY_ACTOR_ASK_CYCLE',
      `${paths.join(' asks ')}: each waits for the next, and the first for itself. ` +
        'Use pipeToSelf() in one of them, which does not keep it from handling other messages.',
    )
  }

  /**
   * @param why - as in 'it has stopped'
   * @param cause - what was thrown on the way, if anything was
   */
  static askUnanswered(
    path: string,
    why: string,
    reason: DeadLetterReason,
    cause?: unknown,
  ): ActorError {
    const consequence = unknownOutcomes.has(reason)
      ? 'How much of it was done is not known.'
      : 'It has not handled the message.'
    return new ActorError(
      'CASTY_ACTOR_ASK_UNANSWERED',
      `${path} will not answer, because ${why}. ${consequence}`,
      cause === undefined ? undefined : { cause },
      reason,
    )
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
