import type {
  ExhaustedPartition,
  LinearizabilityOptions,
  LinearizabilityViolation,
} from './check-linearizable.ts'
import type { Model } from './model.ts'
import { completionOf, outputOf, type Operation } from './operation.ts'
import type { HistoryPartition } from './partition.ts'

/** Lines of each list in an explanation; of an order the last ones are shown. */
const shownLines = 12
const shownParts = 3

/** What stands in brackets before each operation. */
const legends = {
  order: '[asked, answered], by order number',
  ms: '[asked, answered], in milliseconds',
} as const

/** A violation for people: the order as far as it goes, and what cannot follow. */
export function explainViolation<State, Input, Output>(
  violation: LinearizabilityViolation<State, Input, Output>,
  model: Model<State, Input, Output>,
  moments: Required<LinearizabilityOptions>['moments'],
): string {
  const { partition, prefix, state, unplaceable, pending } = violation
  const completed = partition.operations.filter(({ outcome }) => outcome.type === 'ok').length
  const placed = prefix.filter(({ operation }) => operation.outcome.type === 'ok').length
  const line = (operation: Operation<Input, Output>): string =>
    `${interval(operation)} ${operation.client}: ${model.describe(operation.input, outputOf(operation))}`
  const order = prefix.map(
    (placement) => `${line(placement.operation)}   now ${model.stateKey(placement.state)}`,
  )
  return [
    `${nameOf(partition)} is not linearizable as a ${model.name}.`,
    `The longest order places ${placed} of ${completed} completed operations, each as ${legends[moments]}:`,
    ...(order.length > shownLines ? [`  … ${order.length - shownLines} before`] : []),
    ...order.slice(-shownLines).map((text) => `  ${text}`),
    `The state is then ${model.stateKey(state)}. One of these must follow, and none can:`,
    ...shortened(unplaceable.map(line)),
    ...(pending.length === 0 ? [] : ['Placing these, whose outcome is unknown, does not help:']),
    ...shortened(pending.map(line)),
  ].join('\n')
}

export function explainExhaustion(
  exhausted: readonly ExhaustedPartition<unknown, unknown>[],
): string {
  const lines = exhausted.map(
    ({ partition, limit }) =>
      `${nameOf(partition)}: ${partition.operations.length} operations exceed ${limit}`,
  )
  return [
    'Not decided, neither as linearizable nor as not:',
    ...shortened(lines),
    'Raise the limit, or record fewer clients per key, more keys and fewer unknown outcomes.',
  ].join('\n')
}

function nameOf({ key, parts }: HistoryPartition<unknown, unknown>): string {
  if (parts.length === 0) return `Partition ${key}`
  const more = parts.length > shownParts ? ` and ${parts.length - shownParts} more` : ''
  return `Partition ${key}, ${parts.slice(0, shownParts).join(', ')}${more}`
}

function interval(operation: Operation<unknown, unknown>): string {
  const completedAt = completionOf(operation)
  return `[${rounded(operation.invokedAt)}, ${completedAt === Infinity ? '∞' : rounded(completedAt)}]`
}

/** To microseconds, where moments are milliseconds: clocks of a world tell more than anybody reads. */
function rounded(moment: number): number {
  return Math.round(moment * 1_000) / 1_000
}

function shortened(lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, shownLines).map((line) => `  ${line}`)
  return lines.length > shownLines ? [...shown, `  … ${lines.length - shownLines} more`] : shown
}
