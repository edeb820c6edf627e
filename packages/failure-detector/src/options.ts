// Options are checked once, where they come in; everything behind the door relies on them.
import { FailureDetectorError } from './errors.ts'

export function positive(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw FailureDetectorError.invalidOption(option, value, 'finite numbers above 0')
}

export function nonNegative(option: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value
  throw FailureDetectorError.invalidOption(option, value, 'finite numbers from 0 on')
}

export function atLeast(option: string, least: number, value: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw FailureDetectorError.invalidOption(option, value, `finite numbers from ${least} on`)
}

export function wholeFrom(option: string, least: number, value: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw FailureDetectorError.invalidOption(option, value, `whole numbers from ${least} on`)
}
