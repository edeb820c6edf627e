import { describeValue } from '@casty/options'

export type MembershipErrorCode =
  | 'CASTY_MEMBERSHIP_DOWNED'
  | 'CASTY_MEMBERSHIP_FORBIDDEN'
  | 'CASTY_MEMBERSHIP_INVALID_OPTION'
  | 'CASTY_MEMBERSHIP_JOIN_REFUSED'
  | 'CASTY_MEMBERSHIP_STOPPED'
  | 'CASTY_MEMBERSHIP_TIMEOUT'
  | 'CASTY_MEMBERSHIP_TOO_MANY_FORBIDDEN'
  | 'CASTY_MEMBERSHIP_UNKNOWN_NODE'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class MembershipError extends Error {
  override readonly name = 'MembershipError'
  readonly code: MembershipErrorCode

  private constructor(code: MembershipErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static downed(self: string): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_DOWNED',
      `${self} was downed, by others or by its own decision that its side does not go on, and has ` +
        'stopped. Start the process again: it will join as a new incarnation. Cluster.explain() tells more.',
    )
  }

  static exitTasksOverdue(timeoutMs: number): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_TIMEOUT',
      `Exit tasks took longer than ${timeoutMs} ms, and the node leaves without them. ` +
        'Make them quicker, or raise exitTimeoutMs.',
    )
  }

  static forbidden(self: string): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_FORBIDDEN',
      `${self} was evicted from its cluster, by its address or by the certificate that it shows, and has stopped. ` +
        'Starting it again does not help: give it another certificate, or another address, if it is to come back.',
    )
  }

  static invalidOption(option: string, value: unknown, allowed: string): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_INVALID_OPTION',
      `Option ${option} is ${describeValue(value)}; allowed is ${allowed}.`,
    )
  }

  static unknownOption(option: string, nearest: readonly string[]): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_INVALID_OPTION',
      `Option ${option} is not known; allowed is ${nearest.join(', ')}.`,
    )
  }

  static joinRefused(contact: string, reason: string, detail: string): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_JOIN_REFUSED',
      `${contact} refused this node (${reason}): ${detail}. ` +
        'Mend the configuration of whichever is wrong, and start that anew.',
    )
  }

  static stopped(self: string, what: string): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_STOPPED',
      `${self} has left its cluster or was shut down, so it cannot ${what}. Start a new Cluster.`,
    )
  }

  /** @param summary - of `Cluster.explain()`: who or what it waits for */
  static timeout(what: string, timeoutMs: number, summary: string, state: string): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_TIMEOUT',
      `${what} took longer than ${timeoutMs} ms. ${summary} This node knows ${state}. ` +
        'Cluster.explain() tells more.',
    )
  }

  static tooManyForbidden(max: number): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_TOO_MANY_FORBIDDEN',
      `This node has forbidden ${max} addresses and certificates, or all nodes together as many as they keep. ` +
        'Change the secret or the authority of the certificates instead.',
    )
  }

  static unknownNode(node: string): MembershipError {
    return new MembershipError(
      'CASTY_MEMBERSHIP_UNKNOWN_NODE',
      `No member ${node} is known here. Cluster.getState().members lists those that are.`,
    )
  }
}
