import { DDataError } from '../errors.ts'
import type { Refusal } from '../state/machine.ts'

/** The error for a refusal that every structure may meet. @param what - as in `counter visits` */
export function explainRefusal(what: string, refusal: Refusal): DDataError {
  const { code, field, existing, requested } = refusal
  switch (code) {
    case 'CASTY_DDATA_CONFIG_MISMATCH':
      return DDataError.configMismatch(what, field, existing, requested)
    case 'CASTY_DDATA_DESTROYED':
      return DDataError.destroyed(what)
    case 'CASTY_DDATA_CLOSED':
      return DDataError.closed(what)
    case 'CASTY_DDATA_OVERFLOW':
      return new DDataError(
        code,
        `${what} would leave the range of whole numbers that are exact. It stays as it is.`,
      )
    case 'CASTY_DDATA_ARGUMENT':
      return field === 'key'
        ? new DDataError(
            code,
            `The idempotency key was used for another call on ${what}. Take a new one.`,
          )
        : new DDataError(code, `${what} refused its argument ${field}.`)
    default:
      return new DDataError(code, `${what} refused the call${field ? `: ${field}` : ''}.`, {
        ...(field && { field, existing, requested }),
      })
  }
}
