import { describeValue } from '@casty/options'

export type DDataErrorCode =
  | 'CASTY_DDATA_ABORTED'
  | 'CASTY_DDATA_ARGUMENT'
  | 'CASTY_DDATA_BARRIER_BROKEN'
  | 'CASTY_DDATA_BARRIER_MISMATCH'
  | 'CASTY_DDATA_BUSY'
  | 'CASTY_DDATA_CLOSED'
  | 'CASTY_DDATA_CODEC'
  | 'CASTY_DDATA_CONFIG_MISMATCH'
  | 'CASTY_DDATA_DESTROYED'
  | 'CASTY_DDATA_INDETERMINATE'
  | 'CASTY_DDATA_LEASE_LOST'
  | 'CASTY_DDATA_MALFORMED'
  | 'CASTY_DDATA_NOT_REENTRANT'
  | 'CASTY_DDATA_OVERFLOW'
  | 'CASTY_DDATA_QUEUE_FULL'
  | 'CASTY_DDATA_SESSION_EXPIRED'
  | 'CASTY_DDATA_TIMEOUT'
  | 'CASTY_DDATA_TOO_LARGE'
  | 'CASTY_DDATA_UNAVAILABLE'
  | 'CASTY_DDATA_VALIDATION'

/** What is known of the effect of a call that failed. */
export type Applied = 'no' | 'yes' | 'unknown'

/** Of an option, as its users write it. */
type OptionValue = number | string

export interface DDataErrorDetails {
  /** @defaultValue 'no' */
  readonly applied?: Applied
  /** Whether the same call may well succeed later. @defaultValue false */
  readonly isRetryable?: boolean
  /** Which option differs, where two do not agree on one. */
  readonly field?: string
  /** As its users write it; undefined where they leave it out. */
  readonly existing?: OptionValue | undefined
  readonly requested?: OptionValue | undefined
  readonly cause?: unknown
}

/** What is known of something that was closed. */
interface ClosedDetails {
  /** @defaultValue 'no' */
  readonly applied?: Applied
  /** A sentence without its end. @defaultValue that it was closed by its user */
  readonly why?: string | undefined
  readonly cause?: unknown
}

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class DDataError extends Error {
  override readonly name = 'DDataError'
  readonly code: DDataErrorCode
  readonly applied: Applied
  readonly isRetryable: boolean
  readonly field: string | undefined
  readonly existing: OptionValue | undefined
  readonly requested: OptionValue | undefined

  constructor(code: DDataErrorCode, message: string, details: DDataErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.code = code
    this.applied = details.applied ?? 'no'
    this.isRetryable = details.isRetryable ?? false
    this.field = details.field
    this.existing = details.existing
    this.requested = details.requested
  }

  static argument(name: string, value: unknown, allowed: string): DDataError {
    return new DDataError(
      'CASTY_DDATA_ARGUMENT',
      `${name} is ${describeValue(value)}; allowed is ${allowed}. Nothing was sent.`,
    )
  }

  static unknownOption(option: string, nearest: readonly string[]): DDataError {
    return new DDataError(
      'CASTY_DDATA_ARGUMENT',
      `Option ${option} is not known; allowed is ${nearest.join(', ')}.`,
    )
  }

  static codec(what: string, value: unknown): DDataError {
    return new DDataError(
      'CASTY_DDATA_CODEC',
      `${what} holds ${describeValue(value)}, which cannot be sent. Plain data can: null, booleans, numbers, ` +
        'bigints, texts, Uint8Array, Date, arrays, Map, Set and objects of these. Nothing was sent.',
    )
  }

  static malformed(what: string, cause?: unknown): DDataError {
    return new DDataError('CASTY_DDATA_MALFORMED', `${what}. It was dropped.`, { cause })
  }

  static malformedAnswer(cause: unknown): DDataError {
    const text = 'An answer cannot be read: look for nodes of another version.'
    return new DDataError('CASTY_DDATA_MALFORMED', text, { applied: 'unknown', cause })
  }

  static tooLarge(what: string, sizeBytes: number, maxBytes: number): DDataError {
    return new DDataError(
      'CASTY_DDATA_TOO_LARGE',
      `${what} has ${sizeBytes} bytes; allowed are ${maxBytes}. Nothing was sent.`,
    )
  }

  static timeout(what: string, timeoutMs: number, applied: Applied): DDataError {
    return new DDataError(
      'CASTY_DDATA_TIMEOUT',
      `${what} did not end within ${timeoutMs} ms. ${effectOf(applied)}`,
      { applied, isRetryable: true },
    )
  }

  static aborted(what: string, applied: Applied, cause: unknown): DDataError {
    return new DDataError('CASTY_DDATA_ABORTED', `${what} was aborted by its signal.`, {
      applied,
      cause,
    })
  }

  static unavailable(what: string, why: string, applied: Applied): DDataError {
    // Why is that of the last time that it was tried.
    const effect =
      applied === 'no' ? effectOf(applied) : 'Whether it had an effect before is not known.'
    return new DDataError(
      'CASTY_DDATA_UNAVAILABLE',
      `${what} was not possible: ${why}. ${effect}`,
      { applied, isRetryable: true },
    )
  }

  /** It was nothing in one part, and something in others. */
  static partial({ code, message, isRetryable }: DDataError): DDataError {
    const text = `${message} Other parts of the same call had their effect, or may have had it.`
    return new DDataError(code, text, { applied: 'unknown', isRetryable })
  }

  static indeterminate(what: string): DDataError {
    return new DDataError(
      'CASTY_DDATA_INDETERMINATE',
      `Whether ${what} had an effect can no longer be found out: it was not answered for longer than results are ` +
        'kept. Read the state before you repeat it.',
      { applied: 'unknown' },
    )
  }

  /** @param why - a sentence without its end, where it is known */
  static sessionExpired(what: string, applied: Applied, why?: string): DDataError {
    const reason = why === undefined ? '' : `: ${why}`
    return new DDataError(
      'CASTY_DDATA_SESSION_EXPIRED',
      `${what} ended, because nobody who could answer was heard of for too long${reason}. ` +
        `It waits for nothing any more. ${effectOf(applied)}`,
      { applied, isRetryable: true },
    )
  }

  static sessionLost(part: string, why: string): DDataError {
    return new DDataError(
      'CASTY_DDATA_SESSION_EXPIRED',
      `The session with part ${part} is lost: ${why}. What was waited for or held there is over.`,
      { applied: 'unknown', isRetryable: true },
    )
  }

  static busy(what: string, limit: number): DDataError {
    return new DDataError(
      'CASTY_DDATA_BUSY',
      `${what} was refused: ${limit} calls wait already. Wait for some of them to end.`,
      { isRetryable: true },
    )
  }

  static closed(
    what: string,
    { applied = 'no', why = wasClosed, cause }: ClosedDetails = {},
  ): DDataError {
    const message = `${what} is not possible: ${why}.`
    return new DDataError('CASTY_DDATA_CLOSED', message, { applied, cause })
  }

  static leaseLost(what: string, why: string): DDataError {
    return new DDataError(
      'CASTY_DDATA_LEASE_LOST',
      `The lease of ${what} is lost: ${why}. Somebody else may have it: stop what you do under it.`,
      { isRetryable: true },
    )
  }

  static destroyed(what: string): DDataError {
    return new DDataError('CASTY_DDATA_DESTROYED', `${what} was destroyed while it was waited for.`)
  }

  static configMismatch(
    what: string,
    field: string,
    existing: OptionValue | undefined,
    requested: OptionValue | undefined,
  ): DDataError {
    return new DDataError(
      'CASTY_DDATA_CONFIG_MISMATCH',
      `${what} has ${field} ${existing ?? 'none'}, not ${requested ?? 'none'}. All who use it must say the same; destroy it to change it.`,
      { field, existing, requested },
    )
  }
}

const wasClosed = 'the structures of this process were closed'

function effectOf(applied: Applied): string {
  return applied === 'no' ? 'It had no effect.' : 'Whether it had an effect is not known.'
}
