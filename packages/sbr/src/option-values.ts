// The checks that options share. Their values come from a user, who may have no types: they are
// looked at before anything trusts them.
import { SbrError } from './errors.ts'

/**
 * Options in an object, none of them unknown: a name misspelt would otherwise be an option unheeded.
 *
 * @throws SbrError `CASTY_SBR_INVALID_OPTION`
 */
export function knownNames(value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw SbrError.invalidOption('options', value, 'an object of options')
  for (const [name, given] of Object.entries(value)) {
    if (!known.includes(name) && given !== undefined) throw SbrError.unknownOption(name, known)
  }
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function role(value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && value.length > 0)) return value
  throw SbrError.invalidOption('role', value, 'the name of a role, or nothing for all members')
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function whole(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw SbrError.invalidOption(option, value, `an integer from ${min} to ${max}`)
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function durationMs(option: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value
  throw SbrError.invalidOption(option, value, 'a number of milliseconds of at least 0')
}

/** @throws SbrError `CASTY_SBR_INVALID_OPTION` */
export function flag(option: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw SbrError.invalidOption(option, value, 'true or false')
}
