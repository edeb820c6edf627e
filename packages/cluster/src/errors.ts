import { describeValue } from '@casty/options'

/** What a {@link ClusterSystemError} is about. */
export type ClusterSystemErrorCode =
  | 'CASTY_CLUSTER_BARRIER_MISMATCH'
  | 'CASTY_CLUSTER_BARRIER_TIMEOUT'
  | 'CASTY_CLUSTER_CONFIG_NOT_FOUND'
  | 'CASTY_CLUSTER_CONFIG_UNREADABLE'
  | 'CASTY_CLUSTER_DOWNED'
  | 'CASTY_CLUSTER_FORBIDDEN'
  | 'CASTY_CLUSTER_EXPECTATION_FAILED'
  | 'CASTY_CLUSTER_INVALID_CONFIG'
  | 'CASTY_CLUSTER_INVALID_OPTION'
  | 'CASTY_CLUSTER_NOT_CLUSTERED'
  | 'CASTY_CLUSTER_STOPPED'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class ClusterSystemError extends Error {
  override readonly name = 'ClusterSystemError'
  readonly code: ClusterSystemErrorCode

  private constructor(code: ClusterSystemErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static barrierMismatch(name: string, parties: number, wanted: number): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_BARRIER_MISMATCH',
      `Others wait at barrier ${name} for ${wanted} parties, and this one asked for ${parties}; ` +
        'have all of them name the same number.',
    )
  }

  static barrierTimeout(name: string, parties: number, timeoutMs: number): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_BARRIER_TIMEOUT',
      `Not all of ${parties} parties came to barrier ${name} within ${timeoutMs} ms, and this one waits no longer; ` +
        'try again, or allow more time.',
    )
  }

  static configNotFound(file: string): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_CONFIG_NOT_FOUND',
      `There is no config file ${file}; give the path of one that is there, or none, to look for casty.toml ` +
        'in the working directory and above it.',
    )
  }

  static configUnreadable(file: string, cause: unknown): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_CONFIG_UNREADABLE',
      `The config file ${file} cannot be read, or is no TOML: ${reasonOf(cause)}`,
      { cause },
    )
  }

  static downed(self: string): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_DOWNED',
      `The cluster decided against ${self}, by others or by its own decision that its side does not go on: its ` +
        'actors were stopped. Start the process again; it joins as a new incarnation.',
    )
  }

  /** @param nodes - how each of them is */
  static expectationFailed(limitMs: number, nodes: string): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_EXPECTATION_FAILED',
      `What is waited for did not come about within ${limitMs} ms of the test's time:\n${nodes}`,
    )
  }

  static forbidden(self: string): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_FORBIDDEN',
      `${self} was evicted from its cluster, by its address or by the certificate that it shows: its actors were ` +
        'stopped. Starting it again does not help: give it another certificate, or another address, if it is to come back.',
    )
  }

  static invalidOption(option: string, value: unknown, allowed: string): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_INVALID_OPTION',
      `Option ${option} is ${describeValue(value)}; allowed is ${allowed}.`,
    )
  }

  static unknownOption(option: string, nearest: readonly string[]): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_INVALID_OPTION',
      `Option ${option} is not known; allowed is ${nearest.join(', ')}.`,
    )
  }

  /** @param what - as in `discoverable()` */
  static notClustered(what: string, path: string): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_NOT_CLUSTERED',
      `${path} uses ${what}, and its system is of no cluster; spawn it in a ClusteredActorSystem.`,
    )
  }

  static stopped(self: string, what: string): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_STOPPED',
      `${self} was shut down, or is about to be, and cannot ${what}; start a new system.`,
    )
  }

  /**
   * @param file - where it stands
   * @param path - of the key, as in `cluster.gossip.interval`
   * @param what - what is wrong with it, as in `is "often"`
   * @param allowed - as in `a number of seconds above 0`
   */
  static invalidConfig(
    file: string,
    path: string,
    what: string,
    allowed: string,
  ): ClusterSystemError {
    return new ClusterSystemError(
      'CASTY_CLUSTER_INVALID_CONFIG',
      `${path} ${what}, in ${file}; allowed is ${allowed}.`,
    )
  }
}

/** Where parsers show the place over several lines, the first says what is wrong. */
function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.trim() : String(cause)
}
