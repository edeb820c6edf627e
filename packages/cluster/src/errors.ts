/** What a {@link ClusterSystemError} is about. */
export type ClusterSystemErrorCode =
  | 'CASTY_CLUSTER_CONFIG_NOT_FOUND'
  | 'CASTY_CLUSTER_CONFIG_UNREADABLE'
  | 'CASTY_CLUSTER_INVALID_CONFIG'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class ClusterSystemError extends Error {
  override readonly name = 'ClusterSystemError'
  readonly code: ClusterSystemErrorCode

  private constructor(code: ClusterSystemErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
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
