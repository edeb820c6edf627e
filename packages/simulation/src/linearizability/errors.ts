export type HistoryErrorCode =
  | 'CASTY_SIMULATION_HISTORY_CLIENT_BUSY'
  | 'CASTY_SIMULATION_HISTORY_INVALID'
  | 'CASTY_SIMULATION_HISTORY_LINE'
  | 'CASTY_SIMULATION_HISTORY_SETTLED'

/**
 * A history that was recorded or written down wrongly. What the system under test did wrong is never
 * an error but a verdict. Match on `code`: `instanceof` fails when two
 * versions of this package are installed.
 */
export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  readonly code: HistoryErrorCode

  private constructor(code: HistoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  static clientBusy(client: string): HistoryError {
    return new HistoryError(
      'CASTY_SIMULATION_HISTORY_CLIENT_BUSY',
      `Client ${client} invokes an operation while its last one is open. Settle that with ok, failed ` +
        'or unknown, and give each of several concurrent callers a name of its own.',
    )
  }

  static invalid(what: string, allowed: string): HistoryError {
    return new HistoryError('CASTY_SIMULATION_HISTORY_INVALID', `${what}. Allowed: ${allowed}.`)
  }

  static line(lineNumber: number, problem: string, cause?: unknown): HistoryError {
    return new HistoryError(
      'CASTY_SIMULATION_HISTORY_LINE',
      `Line ${lineNumber} is no operation: ${problem}. Read only lines that encodeHistory wrote, ` +
        'with the model they were recorded for.',
      cause === undefined ? undefined : { cause },
    )
  }

  static settled(client: string, invokedAt: number): HistoryError {
    return new HistoryError(
      'CASTY_SIMULATION_HISTORY_SETTLED',
      `The operation that client ${client} invoked at ${invokedAt} has its outcome already. ` +
        'Settle each operation once.',
    )
  }
}
