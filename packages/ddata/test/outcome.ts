import { ByteWriter } from '@casty/transport'
import { beginResult } from '../src/state/result.ts'

/** Of a call that was carried out, and answers nothing. */
export const doneResult: Uint8Array = beginResult(new ByteWriter(1)).finish()

export interface Settled<T> {
  isSettled: boolean
  value?: T
  code?: string
}

/** How a promise stands, for those who do not wait for it. */
export function outcomeOf<T>(promise: Promise<T>): Settled<T> {
  const outcome: Settled<T> = { isSettled: false }
  promise.then(
    (value) => Object.assign(outcome, { value, isSettled: true }),
    (error: { code: string }) => Object.assign(outcome, { code: error.code, isSettled: true }),
  )
  return outcome
}
