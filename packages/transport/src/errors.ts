import type { Refusal } from './endpoint-types.ts'
import type { NodeAddress } from './node-address.ts'
import type { NodeIdentity } from './node-identity.ts'
import type { DialFailure, Insecurity } from './transport.ts'

export type TransportErrorCode =
  | 'CASTY_TRANSPORT_ADDRESS_IN_USE'
  | 'CASTY_TRANSPORT_BAD_CERTIFICATE'
  | 'CASTY_TRANSPORT_CLOSED'
  | 'CASTY_TRANSPORT_DIAL_FAILED'
  | 'CASTY_TRANSPORT_FRAME_TOO_LARGE'
  | 'CASTY_TRANSPORT_INSECURE_BIND'
  | 'CASTY_TRANSPORT_INVALID_ADDRESS'
  | 'CASTY_TRANSPORT_INVALID_OPTION'
  | 'CASTY_TRANSPORT_LISTEN_FAILED'
  | 'CASTY_TRANSPORT_MALFORMED'
  | 'CASTY_TRANSPORT_REFUSED'

/** What an error carries beside its code and text. */
export interface TransportErrorOptions extends ErrorOptions {
  readonly failure?: DialFailure
  readonly insecurity?: Insecurity
  readonly refusal?: Refusal
}

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportErrorCode
  /** With `CASTY_TRANSPORT_DIAL_FAILED`: what went wrong. */
  declare readonly failure?: DialFailure
  /** With `CASTY_TRANSPORT_DIAL_FAILED` and the failure `insecure`: what is wrong, and by whose word. */
  declare readonly insecurity?: Insecurity
  /** With `CASTY_TRANSPORT_REFUSED`: the reason that the peer gave, and what it said of itself. */
  declare readonly refusal?: Refusal

  constructor(code: TransportErrorCode, message: string, options: TransportErrorOptions = {}) {
    // An error without a cause has none, rather than one that is undefined.
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    if (options.failure !== undefined) this.failure = options.failure
    if (options.insecurity !== undefined) this.insecurity = options.insecurity
    if (options.refusal !== undefined) this.refusal = options.refusal
  }

  static addressInUse(address: NodeAddress, cause?: unknown): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_ADDRESS_IN_USE',
      `${address} is already listened on. Choose another port, or port 0 for a free one.`,
      { cause },
    )
  }

  static badCertificate(what: string, why: string, cause?: unknown): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_BAD_CERTIFICATE',
      `${what} ${why}. \`casty cert\` makes files that fit, as <host>-<port>.crt and .key.`,
      { cause },
    )
  }

  static closed(what: string): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_CLOSED',
      `${what} was closed. Start a new endpoint to go on.`,
    )
  }

  static dialFailed(address: NodeAddress, failure: DialFailure, cause?: unknown): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_DIAL_FAILED',
      `Dialling ${address} failed: ${dialFailureTexts[failure]}`,
      { failure, cause },
    )
  }

  /** Of one that answered under another address than was dialled, and was then dialled there. */
  static notFoundThere(
    address: NodeAddress,
    actual: NodeIdentity,
    cause: TransportError,
  ): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_DIAL_FAILED',
      `Dialling ${address} failed: ${actual} answers there, and was not found at its own address. ${cause.message}`,
      { failure: 'unreachable', cause },
    )
  }

  static insecureDial(
    address: NodeAddress,
    insecurity: Insecurity,
    cause?: unknown,
  ): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_DIAL_FAILED',
      `Dialling ${address} failed: ${insecurity.detail} (${insecurity.reason}).`,
      { failure: 'insecure', insecurity, cause },
    )
  }

  /** A dial in plain text whose other end hangs up without a word, as one does that speaks TLS alone. */
  static unanswered(address: NodeAddress, cause?: unknown): TransportError {
    const detail =
      `${address} ended the connection without an answer: it may speak TLS alone, ` +
      'for which this node was not set up, or take no more connections from here'
    return TransportError.insecureDial(address, { reason: 'ended', by: 'peer', detail }, cause)
  }

  static frameTooLarge(what: string, sizeBytes: number, maxBytes: number): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_FRAME_TOO_LARGE',
      `${what} has ${sizeBytes} bytes, more than the ${maxBytes} allowed. Send it in smaller parts.`,
    )
  }

  static insecureBind(address: NodeAddress): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_INSECURE_BIND',
      `${address} can be reached from other machines, and nothing protects the cluster there. ` +
        'Give it a transport that verifies both sides (TLS), or a shared secret; bind a loopback address; ' +
        'or set insecure: true where the network itself is trusted.',
    )
  }

  static invalidAddress(text: string, why: string): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_INVALID_ADDRESS',
      `"${text}" is no node address: ${why}. Write host:port, with an IPv6 host in brackets.`,
    )
  }

  static invalidOption(option: string, value: unknown, allowed: string): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_INVALID_OPTION',
      `${option} is ${describe(value)}, but must be ${allowed}.`,
    )
  }

  static listenFailed(address: NodeAddress, why: string, cause?: unknown): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_LISTEN_FAILED',
      `Cannot listen on ${address}: ${why}. Bind an address that this machine has.`,
      { cause },
    )
  }

  static malformed(what: string, cause?: unknown): TransportError {
    return new TransportError(
      'CASTY_TRANSPORT_MALFORMED',
      `${what}. Whoever sent this runs an incompatible version, or is no peer.`,
      { cause },
    )
  }

  static refused(address: NodeAddress, refusal: Refusal): TransportError {
    const who = refusal.actual === undefined ? '' : ` (${refusal.actual})`
    return new TransportError(
      'CASTY_TRANSPORT_REFUSED',
      `${address}${who} refused the connection: ${refusal.reason}. ${refusal.detail}`.trimEnd(),
      { refusal },
    )
  }
}

const dialFailureTexts: Readonly<Record<DialFailure, string>> = {
  refused: 'nobody listens there. Check that the node runs, and on which port.',
  timeout: 'no answer came in time. Check the network between here and there.',
  unreachable: 'the network leads nowhere, or the connection broke. Check address and routes.',
  insecure: 'one end does not trust the other. Check the certificates of both.',
  local: 'this process could not open a connection. Check its limits (files, memory, ports).',
  'not-allowed': 'this node dials no such address on the word of others. See its option mayDial.',
}

/** Values may hold secrets or be long: text is cut, objects are only named. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'a list' : 'an object'
  return String(value)
}
