import { describeValue } from '@casty/options'
import type { JournalHead } from './journal-record.ts'

export type JournalErrorCode =
  | 'CASTY_JOURNAL_CLOSED'
  | 'CASTY_JOURNAL_DAMAGED'
  | 'CASTY_JOURNAL_DELETED'
  | 'CASTY_JOURNAL_FENCED'
  | 'CASTY_JOURNAL_FULL'
  | 'CASTY_JOURNAL_INVALID'
  | 'CASTY_JOURNAL_TOO_LARGE'
  | 'CASTY_JOURNAL_UNAVAILABLE'

/** Whether a call that failed wrote something all the same. */
export type WriteOutcome = 'nothing-written' | 'unknown' // Read the journal to know.

/** More about a failure, as far as it is known. */
export interface JournalErrorDetails extends ErrorOptions {
  /** @defaultValue 'nothing-written' */
  readonly outcome?: WriteOutcome
  /** Whose events it is about. */
  readonly id?: string
  /** The event that it is about. */
  readonly sequenceNr?: number
  /** Where the journal keeps it, as in `00017.log at byte 4096`. */
  readonly place?: string
  /** How far the events went when a writer was refused. */
  readonly head?: JournalHead
}

/**
 * Why a journal did not do as it was asked: its code tells what can be done about it. Made by whoever
 * implements a journal. Match on `code`: `instanceof` fails when two versions of this package are installed.
 */
export class JournalError extends Error {
  override readonly name = 'JournalError'
  readonly code: JournalErrorCode
  readonly outcome: WriteOutcome
  readonly id: string | undefined
  readonly sequenceNr: number | undefined
  readonly place: string | undefined
  readonly head: JournalHead | undefined

  private constructor(code: JournalErrorCode, message: string, details: JournalErrorDetails = {}) {
    const { outcome = 'nothing-written', id, sequenceNr, place, head } = details
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.outcome = outcome
    this.id = id
    this.sequenceNr = sequenceNr
    this.place = place
    this.head = head
  }

  /** The call came after the journal was disposed of, or was under way then. */
  static closed(what: string, details?: JournalErrorDetails): JournalError {
    return new JournalError(
      'CASTY_JOURNAL_CLOSED',
      `Cannot ${what}: the journal is closed. Open it again.`,
      details,
    )
  }

  /** @param problem - as in `the checksum does not fit` */
  static damaged(
    id: string | undefined,
    problem: string,
    details: JournalErrorDetails = {},
  ): JournalError {
    const { sequenceNr, place } = details
    const what = sequenceNr === undefined ? 'The journal' : `Event ${sequenceNr}`
    const whose = id === undefined ? '' : ` of ${describeValue(id)}`
    return new JournalError(
      'CASTY_JOURNAL_DAMAGED',
      `${what}${whose} is damaged${place === undefined ? '' : ` (${place})`}: ${problem}. ` +
        'Restore it from a copy; nothing that comes after it is given out.',
      id === undefined ? details : { ...details, id },
    )
  }

  static deleted(id: string, sequenceNr: number, deletedTo: number): JournalError {
    return new JournalError(
      'CASTY_JOURNAL_DELETED',
      `Event ${sequenceNr} of ${describeValue(id)} is deleted, as all up to ${deletedTo} are; ` +
        'read from a later one, or begin with a snapshot.',
      { id, sequenceNr },
    )
  }

  /** A higher epoch has written or claimed. */
  static fencedByEpoch(id: string, epoch: number, head: JournalHead): JournalError {
    return new JournalError(
      'CASTY_JOURNAL_FENCED',
      `A writer of ${describeValue(id)} with epoch ${epoch} is fenced: another one has epoch ${head.epoch}. ` +
        'Stop, and leave the id to that one.',
      { id, head },
    )
  }

  /** The writer does not know the last event. */
  static fencedByNumber(id: string, expected: number, head: JournalHead): JournalError {
    return new JournalError(
      'CASTY_JOURNAL_FENCED',
      `A writer of ${describeValue(id)} expected event ${expected} to be the last, but that is ` +
        `${head.sequenceNr}. Read the events that it does not know, or stop.`,
      { id, head },
    )
  }

  static full(what: string, details?: JournalErrorDetails): JournalError {
    return new JournalError(
      'CASTY_JOURNAL_FULL',
      `Cannot ${what}: the journal has no room left. Nothing was written; give it more, or delete events.`,
      details,
    )
  }

  static invalid(what: string, value: unknown, allowed: string): JournalError {
    return new JournalError(
      'CASTY_JOURNAL_INVALID',
      `${what} is ${describeValue(value)}; allowed is ${allowed}.`,
    )
  }

  /** @param limit - the name of the limit, among `JournalLimits` */
  static tooLarge(what: string, size: number, limit: string, most: number): JournalError {
    return new JournalError(
      'CASTY_JOURNAL_TOO_LARGE',
      `${what} is ${size} long, above ${limit} (${most}). Write less at once, or raise ${limit}.`,
    )
  }

  /** @param outcome - unknown, unless the journal is sure that the request was not carried out */
  static unavailable(
    what: string,
    outcome: WriteOutcome,
    details?: JournalErrorDetails,
  ): JournalError {
    const consequence =
      outcome === 'unknown' ? 'Whether something was written is not known' : 'Nothing was written'
    return new JournalError(
      'CASTY_JOURNAL_UNAVAILABLE',
      `Could not ${what}${details?.cause === undefined ? '' : '; the cause tells why'}. ` +
        `${consequence}; try again later.`,
      { ...details, outcome },
    )
  }
}

const codes: Readonly<Record<JournalErrorCode, true>> = {
  CASTY_JOURNAL_CLOSED: true,
  CASTY_JOURNAL_DAMAGED: true,
  CASTY_JOURNAL_DELETED: true,
  CASTY_JOURNAL_FENCED: true,
  CASTY_JOURNAL_FULL: true,
  CASTY_JOURNAL_INVALID: true,
  CASTY_JOURNAL_TOO_LARGE: true,
  CASTY_JOURNAL_UNAVAILABLE: true,
}

/** Whether a journal made it, with whichever version of this package. */
export function isJournalError(error: unknown): error is JournalError {
  return error instanceof Error && 'code' in error && Object.hasOwn(codes, String(error.code))
}
