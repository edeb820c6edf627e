// The checks of what users hand in, before any of it is sent, with the errors of this package: `CASTY_DDATA_ARGUMENT`.
// Users may have no types.
import { optionChecks, type OptionChecks } from '@casty/options'
import { DDataError } from '../errors.ts'

const checks = optionChecks({
  invalid: (name, value, allowed) => DDataError.argument(name, value, allowed),
  unknown: (of, name, nearest) => DDataError.unknownOption(`${of}.${name}`, nearest),
})

export const whole: OptionChecks['whole'] = checks.whole
export const duration: OptionChecks['duration'] = checks.duration
export const durationOrForever: OptionChecks['durationOrForever'] = checks.durationOrForever
export const flag: OptionChecks['flag'] = checks.flag
export const knownNames: OptionChecks['knownNames'] = checks.knownNames

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function waitTime(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value
  throw DDataError.argument(name, value, 'a number of milliseconds from 0, or Infinity')
}

const controlCharacter = /\p{Cc}/u

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function text(name: string, value: string, maxBytes: number): string {
  const checked = checks.text(name, value, maxBytes)
  if (!controlCharacter.test(checked)) return checked
  const allowed = `a text of 1 to ${maxBytes} bytes without control characters`
  throw DDataError.argument(name, value, allowed)
}

/** Users may hand in an object, of which nothing would be taken. @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function listed<T>(name: string, items: Iterable<T>): readonly T[] {
  const isIterable = typeof items === 'object' && items !== null && Symbol.iterator in items
  if (!isIterable) throw DDataError.argument(name, items, 'something to go through, as an array')
  return [...items]
}

/** @throws DDataError `CASTY_DDATA_ARGUMENT` */
export function callable(name: string, value: unknown, allowed: string): void {
  if (typeof value !== 'function') throw DDataError.argument(name, value, allowed)
}
