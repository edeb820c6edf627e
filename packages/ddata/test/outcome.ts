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
