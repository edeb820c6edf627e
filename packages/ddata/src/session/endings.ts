// How calls and reads end for who made them.
import { DDataError, type Applied } from '../errors.ts'
import { readEnded, type Ended } from '../state/result.ts'
import type { CallEnd, PendingCall } from './pending.ts'

/** Undefined where it cannot be read: then that is how it ended. */
export function endedOf(answer: Uint8Array, end: Pick<CallEnd, 'failed'>): Ended | undefined {
  try {
    return readEnded(answer)
  } catch (error) {
    end.failed(DDataError.malformedAnswer(error))
    return undefined
  }
}

/** Tells who waits for a call how it ended. */
export function tellAnswer(pending: PendingCall, answer: Uint8Array): void {
  const { end } = pending
  const ended = endedOf(answer, end)
  if (!ended) return
  if (ended.type === 'done')
    end.done(ended.result, pending.giveUp && gaveUp(pending), pending.notBefore)
  else if (ended.refusal.code === 'CASTY_DDATA_ABORTED') end.failed(gaveUp(pending))
  else if (ended.refusal.code === 'CASTY_DDATA_SESSION_EXPIRED') {
    end.failed(DDataError.sessionExpired(pending.terms.what, 'no'))
  } else end.refused(ended.refusal)
}

/** The answer of a call whose maker was told that nobody knows. */
export function tellLate(pending: PendingCall, answer: Uint8Array): void {
  if (!pending.mayWait) return // It had no effect, where it came as late.
  const ended = endedOf(answer, { failed: () => {} })
  if (ended?.type === 'done') pending.end.late?.(ended.result)
}

/** What becomes of a call whose part was not heard of for too long. @param why - that is, where it is known */
export function silencedBy(pending: PendingCall, why: string | undefined): DDataError {
  const { terms, mayWait, isParked, giveUp } = pending
  if (!mayWait) return DDataError.indeterminate(terms.what)
  // Its turn may have come, and nobody heard of it.
  if (giveUp) return gaveUp(pending, 'unknown', why)
  if (isParked || why === undefined) return DDataError.sessionExpired(terms.what, 'unknown', why)
  return DDataError.unavailable(terms.what, why, 'unknown')
}

/** @param why - nobody answered, where that is known */
export function gaveUp(
  { giveUp, terms, isParked }: PendingCall,
  applied: Applied = 'no',
  why?: string,
): DDataError {
  const { what, signal, waitMs, timeoutMs } = terms
  if (giveUp === 'abort') return DDataError.aborted(what, applied, signal?.reason)
  if (why !== undefined) return DDataError.unavailable(what, why, applied)
  return DDataError.timeout(what, isParked && waitMs !== undefined ? waitMs : timeoutMs, applied)
}
