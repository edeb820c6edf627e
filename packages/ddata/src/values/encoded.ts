import { DDataError } from '../errors.ts'
import { encodeValue, type What } from './canonical.ts'

/** Keys, values, members and items have no more bytes: they have to fit into a frame, with the rest of what is sent. */
export const maxValueBytes = 262_144

/** @throws DDataError `CASTY_DDATA_ARGUMENT`, `CASTY_DDATA_CODEC`, `CASTY_DDATA_TOO_LARGE` */
export function encoded(value: unknown, what: What, maxBytes: number = maxValueBytes): Uint8Array {
  if (value === undefined) throw DDataError.argument(what(), value, 'anything but undefined')
  const bytes = encodeValue(value, what)
  if (bytes.length > maxBytes) throw DDataError.tooLarge(what(), bytes.length, maxBytes)
  return bytes
}
