export type CertErrorCode =
  | 'CASTY_CERT_BAD_AUTHORITY'
  | 'CASTY_CERT_FILE_EXISTS'
  | 'CASTY_CERT_INVALID_OPTION'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class CertError extends Error {
  override readonly name = 'CertError'
  readonly code: CertErrorCode

  private constructor(code: CertErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static badAuthority(cause: unknown): CertError {
    const why = cause instanceof Error ? cause.message : String(cause)
    return new CertError(
      'CASTY_CERT_BAD_AUTHORITY',
      `The authority cannot be used: ${why}. \`casty cert ca\` makes one.`,
      { cause },
    )
  }

  static fileExists(path: string): CertError {
    return new CertError(
      'CASTY_CERT_FILE_EXISTS',
      `${path} is there already, and is left as it is. Choose another folder, or --force to replace it.`,
    )
  }

  static invalidOption(option: string, value: unknown, allowed: string): CertError {
    return new CertError(
      'CASTY_CERT_INVALID_OPTION',
      `${option} is ${JSON.stringify(value)}, but must be ${allowed}.`,
    )
  }
}
