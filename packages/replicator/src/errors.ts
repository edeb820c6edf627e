import { describeValue } from '@casty/options'

export type ReplicatorErrorCode =
  | 'CASTY_REPLICATOR_BUSY'
  | 'CASTY_REPLICATOR_FULL'
  | 'CASTY_REPLICATOR_INVALID_OPTION'
  | 'CASTY_REPLICATOR_LOST'
  | 'CASTY_REPLICATOR_NOT_KEPT'
  | 'CASTY_REPLICATOR_REFUSED'
  | 'CASTY_REPLICATOR_STOPPED'
  | 'CASTY_REPLICATOR_TOO_LARGE'
  | 'CASTY_REPLICATOR_TYPE_MISMATCH'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class ReplicatorError extends Error {
  override readonly name = 'ReplicatorError'
  readonly code: ReplicatorErrorCode

  private constructor(code: ReplicatorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static busy(maxPending: number): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_BUSY',
      `${maxPending} calls wait for other nodes. Wait for some of them, or raise maxPending.`,
    )
  }

  static full(maxKeys: number): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_FULL',
      `There are ${maxKeys} keys, and one more is not taken. Keep several things in one map, or raise maxKeys on every node.`,
    )
  }

  static invalidOption(option: string, value: unknown, allowed: string): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_INVALID_OPTION',
      `Option ${option} is ${describeValue(value)}; allowed is ${allowed}.`,
    )
  }

  static lost(key: string): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_LOST',
      `This client was out of touch for too long, and nobody took what it changed of ${JSON.stringify(key)}. ` +
        'Look at the value that is told now, and change that.',
    )
  }

  static refused(key: string, reason: string): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_REFUSED',
      `The members refused what this client asked of ${JSON.stringify(key)}: ${reason}. Nothing was changed there. ` +
        "Where that is 'denied', let clients use the key on the members; where it is 'implausible', the member has not " +
        'heard of what the change builds on: look at the value that is told now, and change that.',
    )
  }

  static unknownOption(of: string, option: string, nearest: readonly string[]): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_INVALID_OPTION',
      `Option ${option} of ${of} is not known; allowed is ${nearest.join(', ')}.`,
    )
  }

  static notKept(key: string, cause: unknown): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_NOT_KEPT',
      `The value of ${JSON.stringify(key)} was changed, and others are told, but the store could not keep it here. ` +
        'It is tried again; see the cause.',
      { cause },
    )
  }

  static stopped(self: string): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_STOPPED',
      `The replicator of ${self} was disposed of, or its node left the cluster. Attach another one to a new Cluster.`,
    )
  }

  static tooLarge(key: string, sizeBytes: number, maxValueBytes: number): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_TOO_LARGE',
      `The value of ${JSON.stringify(key)} would take ${sizeBytes} bytes, above maxValueBytes (${maxValueBytes}); nothing was changed. ` +
        'Spread it over several keys, or raise maxValueBytes on every node.',
    )
  }

  static typeMismatch(key: string, held: string, asked: string): ReplicatorError {
    return new ReplicatorError(
      'CASTY_REPLICATOR_TYPE_MISMATCH',
      `The key ${JSON.stringify(key)} holds a value of the type ${held}, not ${asked}. The type of a key never changes: take another key.`,
    )
  }
}
