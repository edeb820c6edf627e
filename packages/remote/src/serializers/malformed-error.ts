import { RemoteError } from '../errors.ts'

/** @param what - as in `a timestamp is out of range` */
export function malformed(what: string, cause?: unknown): RemoteError {
  return RemoteError.malformed(`A message cannot be read: ${what}`, cause)
}

/** The one error that bytes of a stranger can lead to, of whatever they led to. */
export function malformedError(error: unknown): RemoteError {
  if (error instanceof RemoteError && error.code === 'CASTY_REMOTE_MALFORMED') return error
  return malformed('the cause tells why', error)
}
