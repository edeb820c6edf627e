import { SimulationError } from '../errors.ts'

/** @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION` unless a number from `min` to `max` */
export function checkNumber(option: string, value: number, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return
  throw SimulationError.invalidOption(option, value, `a number from ${min} to ${max}`)
}
