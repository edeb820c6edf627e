import { SimulationError } from '../errors.ts'
import type { PlanShape } from './plan.ts'

/**
 * Refuses what no plan can be drawn from, or only one without end.
 *
 * @throws SimulationError `CASTY_SIMULATION_INVALID_OPTION`
 */
export function checkShape(
  shape: PlanShape,
  types: readonly { readonly type: string; readonly weight: number }[],
  seed: number,
): void {
  check('seed', seed, 'an integer from 0 on', Number.isSafeInteger(seed) && seed >= 0)
  checkRange('shape.hosts', shape.hosts, 1)
  checkRange('shape.chaosMs', shape.chaosMs, 0)
  checkRange('shape.paceMs', shape.paceMs, 1)
  checkFrom0('shape.startWithinMs', shape.startWithinMs)
  checkFrom0('shape.wallOffsetMs', shape.wallOffsetMs)
  for (const rate of shape.clockRates ?? []) {
    check('shape.clockRates', rate, 'rates above 0', Number.isFinite(rate) && rate > 0)
  }
  const { clockDrift } = shape
  check(
    'shape.clockDrift',
    clockDrift,
    'a share from 0 to below 1',
    clockDrift >= 0 && clockDrift < 1,
  )
  for (const { type, weight } of types) checkFrom0(`The weight of ${type}`, weight)
}

function checkRange(option: string, range: readonly [number, number], from: number): void {
  const isRange =
    Array.isArray(range) &&
    range.length === 2 &&
    range.every(Number.isSafeInteger) &&
    range[0] >= from &&
    range[0] <= range[1]
  check(option, range, `two integers from ${from} on, the lower one first`, isRange)
}

function checkFrom0(option: string, value: number): void {
  check(option, value, 'a number from 0 on', Number.isFinite(value) && value >= 0)
}

function check(option: string, value: unknown, allowed: string, holds: boolean): void {
  if (!holds) throw SimulationError.invalidOption(option, value, allowed)
}
