// The checks of what users hand in, before any of it is sent. Users may have no types.
import { nearestNames } from '@casty/membership'
import { DDataError } from '../errors.ts'

const textEncoder = new TextEncoder()
const controlCharacter = /\p{Cc}/u

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw DDataError.argument(name, value, `an integer from ${min} to ${max}`)
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function duration(name: string, value: number): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw DDataError.argument(name, value, 'a number of milliseconds above 0')
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function waitTime(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value
  throw DDataError.argument(name, value, 'a number of milliseconds from 0, or Infinity')
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function text(name: string, value: string, maxBytes: number): string {
  const isText = typeof value === 'string' && value.length > 0
  if (isText && textEncoder.encode(value).length <= maxBytes && !controlCharacter.test(value)) {
    return value
  }
  const allowed = `a text of 1 to ${maxBytes} bytes without control characters`
  throw DDataError.argument(name, value, allowed)
}

/**
 * Options in an object, none of them unknown: a name misspelt would otherwise be an option unheeded.
 *
 * @throws DDataError `CASTY_DDATA_ARGUMENT`, with the names that look most alike
 */
export function knownNames(what: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw DDataError.argument(what, value, 'an object of options')
  }
  for (const [name, given] of Object.entries(value)) {
    if (known.includes(name) || given === undefined) continue
    throw DDataError.unknownOption(`${what}.${name}`, nearestNames(name, known))
  }
}
