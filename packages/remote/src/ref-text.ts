// The parts that refs have as text.
import { NodeIdentity } from '@casty/transport'
import { RemoteError } from './errors.ts'

/** The path within its node that a ref to an actor has in its text; undefined where it is none to an actor. */
export function pathInText(text: string): string | undefined {
  return /^[^!?*]+!\d{1,16}(\/.*)$/s.exec(text)?.[1]
}

/** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
export function nodeOf(key: string): NodeIdentity {
  try {
    return NodeIdentity.parse(key)
  } catch (cause) {
    throw RemoteError.malformed('A ref names no node', cause)
  }
}

/** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
export function kindNameOf(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch (cause) {
    throw RemoteError.malformed('A ref names no kind', cause)
  }
}

/** @throws RemoteError `CASTY_REMOTE_MALFORMED` */
export function wholeOf(digits: string | undefined): number {
  const value = Number(digits)
  if (Number.isSafeInteger(value)) return value
  throw RemoteError.malformed('A ref holds a number that is too large')
}
