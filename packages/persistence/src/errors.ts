import { describeValue } from '@casty/options'

export type PersistenceErrorCode =
  | 'CASTY_PERSISTENCE_FENCED'
  | 'CASTY_PERSISTENCE_INVALID_EFFECT'
  | 'CASTY_PERSISTENCE_INVALID_OPTION'
  | 'CASTY_PERSISTENCE_RECOVERY_FAILED'
  | 'CASTY_PERSISTENCE_RECOVERY_UNAVAILABLE'
  | 'CASTY_PERSISTENCE_UNKNOWN_VERSION'
  | 'CASTY_PERSISTENCE_UNSERIALIZABLE'
  | 'CASTY_PERSISTENCE_WRITE_REFUSED'
  | 'CASTY_PERSISTENCE_WRITE_UNKNOWN'

/** What went wrong with an event-sourced actor. Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class PersistenceError extends Error {
  override readonly name = 'PersistenceError'
  readonly code: PersistenceErrorCode
  /** The event that it is about, where it is about one. */
  readonly sequenceNr: number | undefined

  private constructor(
    code: PersistenceErrorCode,
    message: string,
    options: ErrorOptions & { readonly sequenceNr?: number } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.sequenceNr = options.sequenceNr
  }

  static fenced(id: string, cause: unknown): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_FENCED',
      `Another actor has become the writer of ${describeValue(id)}, and this one stops. ` +
        'Send its messages to the other one.',
      { cause },
    )
  }

  static invalidEffect(path: string, value: unknown): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_INVALID_EFFECT',
      `A handler of ${path} returned ${value === undefined ? 'nothing' : describeValue(value)}; ` +
        'return one of `effects`, as effects.none().',
    )
  }

  static invalidOption(
    option: string,
    value: unknown,
    allowed: string,
    options: ErrorOptions = {},
  ): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_INVALID_OPTION',
      `Option ${option} of eventSourced() is ${describeValue(value)}; allowed is ${allowed}.`,
      options,
    )
  }

  static unknownOption(option: string, known: readonly string[]): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_INVALID_OPTION',
      `Option ${option} of eventSourced() is not known; allowed is ${known.join(', ')}.`,
    )
  }

  /** It will fail again, however often it is tried. @param sequenceNr - the event on which it failed */
  static recoveryFailed(
    id: string,
    cause: unknown,
    sequenceNr: number | undefined,
  ): PersistenceError {
    const where = sequenceNr === undefined ? '' : ` at event ${sequenceNr}`
    return new PersistenceError(
      'CASTY_PERSISTENCE_RECOVERY_FAILED',
      `${describeValue(id)} cannot be recovered${where}: ${reasonOf(cause)} ` +
        'Nothing was changed or skipped. Mend that, and start it again.',
      sequenceNr === undefined ? { cause } : { cause, sequenceNr },
    )
  }

  /** It may succeed later. */
  static recoveryUnavailable(id: string, cause: unknown): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_RECOVERY_UNAVAILABLE',
      `${describeValue(id)} cannot be recovered now: ${reasonOf(cause)} It is tried again after a pause.`,
      { cause },
    )
  }

  /** @param what - as in `an event of kind "item-added"` */
  static unknownVersion(what: string, version: number, known: string): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_UNKNOWN_VERSION',
      `There is ${what} of version ${version}, and this program knows ${known}. ` +
        'Run the program that wrote it, or add what translates it.',
    )
  }

  /** @param path - where in the value, as in `$.items[2].price` */
  static unserializable(path: string, what: string): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_UNSERIALIZABLE',
      `${path} is ${what}, which JSON would lose. Use plain objects, lists, texts, finite numbers and ` +
        'booleans, or give a codec of your own.',
    )
  }

  static notJson(cause: unknown): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_UNSERIALIZABLE',
      'The bytes are no JSON in UTF-8. Give the codec that they were written with.',
      { cause },
    )
  }

  static writeRefused(id: string, cause: unknown): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_WRITE_REFUSED',
      `Nothing was written for ${describeValue(id)}: ${reasonOf(cause)} The actor goes on as it was.`,
      { cause },
    )
  }

  static writeUnknown(id: string, cause: unknown): PersistenceError {
    return new PersistenceError(
      'CASTY_PERSISTENCE_WRITE_UNKNOWN',
      `Whether events of ${describeValue(id)} were written is not known: ${reasonOf(cause)} ` +
        'The actor starts again, and reads what is there.',
      { cause },
    )
  }
}

/** Why, as a sentence. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : `${describeValue(cause)} was thrown`
  return /[.!?]$/.test(text) ? text : `${text}.`
}
