export type SimulationErrorCode =
  | 'CASTY_SIMULATION_FOREIGN_PLAN'
  | 'CASTY_SIMULATION_UNKNOWN_ACTION'
  | 'CASTY_SIMULATION_UNKNOWN_HOST'
  | 'CASTY_SIMULATION_UNKNOWN_RARE_STATE'
  | 'CASTY_SIMULATION_INVALID_OPTION'

/** What the user of the simulator did wrong; what the code under test did wrong is a `Violation`. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'
  readonly code: SimulationErrorCode

  private constructor(code: SimulationErrorCode, message: string) {
    super(message)
    this.code = code
  }

  static unknownAction(type: string, scenario: string): SimulationError {
    return new SimulationError(
      'CASTY_SIMULATION_UNKNOWN_ACTION',
      `The plan does "${type}", which the scenario ${scenario} does not know. ` +
        'Run it with the scenario and the version of the code that drew it.',
    )
  }

  static unknownHost(host: string, type: string): SimulationError {
    return new SimulationError(
      'CASTY_SIMULATION_UNKNOWN_HOST',
      `The plan does "${type}" at ${host}, which is none of its hosts. Add it to hosts, with its name.`,
    )
  }

  static foreignPlan(planned: string, scenario: string): SimulationError {
    return new SimulationError(
      'CASTY_SIMULATION_FOREIGN_PLAN',
      `The plan is of the scenario ${planned}, but it was given to ${scenario}. ` +
        'Run it with the scenario that drew it.',
    )
  }

  static unknownRareState(state: string): SimulationError {
    return new SimulationError(
      'CASTY_SIMULATION_UNKNOWN_RARE_STATE',
      `A watcher noted the rare state "${state}", which its scenario does not list in rareStates.`,
    )
  }

  static invalidOption(option: string, value: unknown, allowed: string): SimulationError {
    return new SimulationError(
      'CASTY_SIMULATION_INVALID_OPTION',
      `${option} is ${JSON.stringify(value)}; it must be ${allowed}.`,
    )
  }
}
