export type SecretErrorCode = 'CASTY_SECRET_INVALID_OPTION' | 'CASTY_SECRET_TOO_WEAK'

/**
 * Match on `code`: `instanceof` fails when two versions of this package are installed. No text of it holds a secret, or
 * a part of one.
 */
export class SecretError extends Error {
  override readonly name = 'SecretError'
  readonly code: SecretErrorCode

  private constructor(code: SecretErrorCode, message: string) {
    super(message)
    this.code = code
  }

  /** @param given - named, never shown */
  static invalidOption(option: string, given: string, allowed: string): SecretError {
    const message = `${option} is ${given}, but must be ${allowed}.`
    return new SecretError('CASTY_SECRET_INVALID_OPTION', message)
  }

  static tooWeak(option: string, why: string): SecretError {
    return new SecretError(
      'CASTY_SECRET_TOO_WEAK',
      `${option} can be guessed: ${why}. Make one of 256 random bits, as "openssl rand -base64 32" does.`,
    )
  }
}
