export type FailureDetectorErrorCode =
  | 'CASTY_FAILURE_DETECTOR_INVALID_OPTION'
  | 'CASTY_FAILURE_DETECTOR_INVALID_VALUE'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class FailureDetectorError extends Error {
  override readonly name = 'FailureDetectorError'
  readonly code: FailureDetectorErrorCode

  private constructor(code: FailureDetectorErrorCode, message: string) {
    super(message)
    this.code = code
  }

  static invalidOption(option: string, value: unknown, allowed: string): FailureDetectorError {
    return new FailureDetectorError(
      'CASTY_FAILURE_DETECTOR_INVALID_OPTION',
      `Option ${option} is ${describe(value)}. Allowed: ${allowed}.`,
    )
  }

  /** A value that no clock and no measurement can have given. */
  static invalidValue(what: string, value: unknown, allowed: string): FailureDetectorError {
    return new FailureDetectorError(
      'CASTY_FAILURE_DETECTOR_INVALID_VALUE',
      `${what} is ${describe(value)}. Allowed: ${allowed}.`,
    )
  }
}

function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : `of type ${typeof value}`
}
