export type ImpurityErrorCode = 'CASTY_SIMULATION_IMPURE'

/** Something inside a simulation reached for the real world: `CASTY_SIMULATION_IMPURE`. */
export class ImpurityError extends Error {
  override readonly name = 'ImpurityError'
  readonly code: ImpurityErrorCode = 'CASTY_SIMULATION_IMPURE'

  private constructor(message: string) {
    super(message)
  }

  static called(what: string): ImpurityError {
    return new ImpurityError(
      `${what} was called inside a simulation: a run would not be repeatable. ` +
        'Take time, timers, chance, transport and disk from the surroundings of the process.',
    )
  }
}
