// Counts that peers tell, held to what anybody can have come to: beyond that, none could be told that is above.
import { highestBelieved } from '@casty/membership'
import { TransportError, type ByteReader } from '@casty/transport'
import { maxCounter } from './codec-limits.ts'

/** Believed at any time, so that most need no look at the clock. */
const always = highestBelieved(0)

/** @param wallNow - what the clock says, in milliseconds since the Unix epoch */
export function isBelieved(count: number, wallNow: () => number): boolean {
  return count <= always || count <= highestBelieved(wallNow())
}

/** Reads an epoch, a position or the like. @throws TransportError `CASTY_TRANSPORT_MALFORMED` where it cannot be */
export type ReadCount = (reader: ByteReader) => number

/** Of frames of peers. @param wallNow - as above */
export function readBelieved(wallNow: () => number): ReadCount {
  return (reader) => {
    const count = reader.varint()
    if (isBelieved(count, wallNow)) return count
    throw TransportError.malformed(`A count is ${count}, which nobody has come to yet`)
  }
}

/** Of what this node wrote itself, whatever its clock says by now. */
export const readExact: ReadCount = (reader) => {
  const count = reader.varint()
  if (count <= maxCounter) return count
  throw TransportError.malformed(`A count is ${count}, and at most ${maxCounter}`)
}
