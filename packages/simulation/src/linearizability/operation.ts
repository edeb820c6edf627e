import { HistoryError } from './errors.ts'

/** How an operation ended, as its client saw it. */
export type OperationOutcome<Output> =
  /** It took effect between invocation and completion, and answered. */
  | { readonly type: 'ok'; readonly output: Output; readonly completedAt: number }
  /** It certainly had no effect, neither before nor after its completion. */
  | { readonly type: 'failed'; readonly completedAt: number }
  /** Nobody can tell: it took effect at some moment after its invocation, however late, or never. */
  | { readonly type: 'unknown' }

/**
 * One call of a client, as seen from outside the system under test.
 *
 * Moments are order numbers: only their order counts. An operation precedes another if it completed
 * *before* the other was invoked; at equal numbers the two are concurrent, so a coarse clock weakens
 * a check and never makes it wrong.
 */
export interface Operation<Input, Output> {
  readonly client: string
  /** The object operated on: one lock, one counter, one map. Each is checked on its own. */
  readonly key: string
  readonly input: Input
  readonly invokedAt: number
  readonly outcome: OperationOutcome<Output>
}

/** Operations in any order. */
export type History<Input, Output> = readonly Operation<Input, Output>[]

/** When the operation was over by the latest; endless for one that may yet take effect. */
export function completionOf(operation: Operation<unknown, unknown>): number {
  return operation.outcome.type === 'unknown' ? Infinity : operation.outcome.completedAt
}

/** What it answered; `undefined` for an operation that never did, so that any answer is fine. */
export function outputOf<Output>(operation: Operation<unknown, Output>): Output | undefined {
  return operation.outcome.type === 'ok' ? operation.outcome.output : undefined
}

/** @throws HistoryError `CASTY_SIMULATION_HISTORY_INVALID` for moments no operation can have */
export function assertMoments(history: History<unknown, unknown>): void {
  for (const operation of history) {
    const { client, invokedAt } = operation
    const completedAt = completionOf(operation)
    if (Number.isFinite(invokedAt) && completedAt >= invokedAt) continue
    throw HistoryError.invalid(
      `An operation of client ${client} is invoked at ${invokedAt} and completed at ${completedAt}`,
      'finite numbers, the completion not below the invocation',
    )
  }
}

/** The operations of each object, in the order in which the objects first appear. */
export function byKey<Input, Output>(
  history: History<Input, Output>,
): ReadonlyMap<string, History<Input, Output>> {
  const groups = new Map<string, Operation<Input, Output>[]>()
  for (const operation of history) {
    const group = groups.get(operation.key)
    if (group === undefined) groups.set(operation.key, [operation])
    else group.push(operation)
  }
  return groups
}
