export type TransportErrorCode =
  | 'CASTY_TRANSPORT_ADDRESS_IN_USE'
  | 'CASTY_TRANSPORT_CLOSED'
  | 'CASTY_TRANSPORT_DIAL_FAILED'
  | 'CASTY_TRANSPORT_FRAME_TOO_LARGE'
  | 'CASTY_TRANSPORT_INSECURE_BIND'
  | 'CASTY_TRANSPORT_INVALID_ADDRESS'
  | 'CASTY_TRANSPORT_INVALID_OPTION'
  | 'CASTY_TRANSPORT_LISTEN_FAILED'
  | 'CASTY_TRANSPORT_MALFORMED'
  | 'CASTY_TRANSPORT_REFUSED'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode

  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static invalidAddress(text: string, why: string): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_INVALID_ADDRESS',
      `"${text}" is no node address: ${why}. Write host:port, with an IPv6 host in brackets.`,
    )
  }
}
