// The checks that options share. Their values come from a user, who may have no types: they are
// looked at before anything trusts them. Each check is told whose option it is, as in 'keepOldest()'.
import { nearestNames } from '@casty/options'
import { SbrError } from './errors.ts'

/**
 * Options in an object, none of them unknown: a name misspelt would otherwise be an option unheeded.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function knownNames(of: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw SbrError.invalidOptions(of, value, known)
  for (const [name, given] of Object.entries(value)) {
    if (!known.includes(name) && given !== undefined)
      throw SbrError.unknownOption(of, name, nearestNames(name, known))
  }
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function role(of: string, value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.length > 0)) return value
  throw SbrError.invalidOption(of, 'role', value, 'the name of a role, or nothing for all members')
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function whole(of: string, option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw SbrError.invalidOption(of, option, value, `an integer from ${min} to ${max}`)
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function durationMs(of: string, option: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value
  throw SbrError.invalidOption(of, option, value, 'a number of milliseconds of at least 0')
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function flag(of: string, option: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw SbrError.invalidOption(of, option, value, 'true or false')
}
