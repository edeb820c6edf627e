/** What a {@link RemoteError} is about. */
export type RemoteErrorCode =
  | 'CASTY_REMOTE_INVALID_OPTION'
  | 'CASTY_REMOTE_NOT_SERIALIZABLE'
  | 'CASTY_REMOTE_MALFORMED'
  | 'CASTY_REMOTE_MESSAGE_TOO_LARGE'
  | 'CASTY_REMOTE_TOO_MANY_ASKS'
  | 'CASTY_REMOTE_TOO_MANY_EXPORTS'
  | 'CASTY_REMOTE_TOO_MANY_WATCHES'
  | 'CASTY_REMOTE_NO_CONTACT'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  readonly code: RemoteErrorCode

  private constructor(code: RemoteErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** @param of - whose option it is, as in `Remoting.attach()` */
  static invalidOption(of: string, option: string, value: unknown, allowed: string): RemoteError {
    return new RemoteError(
      'CASTY_REMOTE_INVALID_OPTION',
      `Option ${option} of ${of} is ${textOf(value)}; allowed is ${allowed}.`,
    )
  }

  /**
   * @param path - where in the message, as in `message.items[3].owner`
   * @param what - as in `an instance of Order`
   * @param todo - a sentence
   */
  static notSerializable(path: string, what: string, todo: string, cause?: unknown): RemoteError {
    return new RemoteError(
      'CASTY_REMOTE_NOT_SERIALIZABLE',
      `${path} is ${what}, which cannot be sent to another node. ${todo}`,
      cause === undefined ? undefined : { cause },
    )
  }

  /** @param what - a sentence without its full stop */
  static malformed(what: string, cause?: unknown): RemoteError {
    return new RemoteError(
      'CASTY_REMOTE_MALFORMED',
      `${what}. Nodes that talk to each other must use the same serializer, with the same classes registered.`,
      cause === undefined ? undefined : { cause },
    )
  }

  static messageTooLarge(to: string, sizeBytes: number, maxBytes: number): RemoteError {
    return new RemoteError(
      'CASTY_REMOTE_MESSAGE_TOO_LARGE',
      `A message to ${to} takes ${sizeBytes} bytes, of ${maxBytes} that a frame may have. Send smaller ` +
        'messages, or raise limits.maxDataFrameBytes on both nodes.',
    )
  }

  static tooManyAsks(maxAsks: number): RemoteError {
    return new RemoteError(
      'CASTY_REMOTE_TOO_MANY_ASKS',
      `${maxAsks} questions to other nodes wait for answers, which is all that may. Ask less at once, or raise maxAsks.`,
    )
  }

  static tooManyExports(path: string, maxExports: number): RemoteError {
    return new RemoteError(
      'CASTY_REMOTE_TOO_MANY_EXPORTS',
      `The ref to ${path} cannot be sent: ${maxExports} refs that are no actors of their own are known to other ` +
        'nodes, which is all there may be. Send refs of actors, stop actors that adapted refs, or raise maxExports.',
    )
  }

  static tooManyWatches(node: string, maxWatchesPerNode: number): RemoteError {
    return new RemoteError(
      'CASTY_REMOTE_TOO_MANY_WATCHES',
      `No more actors of ${node} can be watched: ${maxWatchesPerNode} are, which is all there may be. Watch fewer, ` +
        'such as one that stands for many, or raise maxWatchesPerNode on all nodes.',
    )
  }

  /** @param attempts - what came of each address that was tried */
  static noContact(timeoutMs: number, attempts: string): RemoteError {
    return new RemoteError(
      'CASTY_REMOTE_NO_CONTACT',
      `No member of the cluster let this client in within ${timeoutMs} ms (${attempts}). Check contactPoints, and ` +
        'that the members take clients (clients: true of a ClusteredActorSystem; a ClientAccess of a Remoting); or ' +
        'raise connectTimeoutMs.',
    )
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
