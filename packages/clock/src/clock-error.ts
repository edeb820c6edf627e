export type ClockErrorCode = 'CASTY_CLOCK_BUSY' | 'CASTY_CLOCK_INVALID' | 'CASTY_CLOCK_RUNAWAY'

/** Match on `code`: `instanceof` fails when two versions of this package are installed. */
export class ClockError extends Error {
  override readonly name = 'ClockError'
  readonly code: ClockErrorCode

  private constructor(code: ClockErrorCode, message: string) {
    super(message)
    this.code = code
  }

  /** A value that no clock can hold. The value itself stays out of the message: it may be a peer's. */
  static invalid(what: string, value: unknown, allowed: string): ClockError {
    return new ClockError(
      'CASTY_CLOCK_INVALID',
      `${what} is ${describe(value)}. Allowed: ${allowed}.`,
    )
  }

  static busy(): ClockError {
    return new ClockError(
      'CASTY_CLOCK_BUSY',
      'The manual clock is already being advanced. Await the running advance, ' +
        'and advance from the test instead of from a timer.',
    )
  }

  static runaway(nowMs: number, timers: number): ClockError {
    return new ClockError(
      'CASTY_CLOCK_RUNAWAY',
      `${timers} timers ran while the manual clock stood at ${nowMs} ms. ` +
        'Look for a timer that sets itself again without a delay.',
    )
  }
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`
}
