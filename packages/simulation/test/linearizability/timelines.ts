import {
  illegal,
  type History,
  type Model,
  type Operation,
} from '@casty/simulation/linearizability'

/**
 * Histories as pictures: one line per client, one span per call, columns are time.
 *
 *     a: [write-1]   [read]
 *     b:     [read        …
 *
 * The label names an entry of `calls`; a span ending in `…` has an unknown outcome, one ending in `!`
 * failed. Columns count from the colon, and are the order numbers.
 */
export function timelines<Input, Output>(
  picture: string,
  calls: Readonly<Record<string, readonly [Input, Output?]>>,
  key = 'k',
): History<Input, Output> {
  return picture
    .split('\n')
    .filter((line) => line.includes(':'))
    .flatMap((line) => {
      const [client = '', spans = ''] = line.split(':')
      return [...spans.matchAll(/\[\s*([^\s\]…!]+)[^\]…!]*([\]…!])/g)].map((span) =>
        operationOf(client.trim(), key, span, calls),
      )
    })
}

function operationOf<Input, Output>(
  client: string,
  key: string,
  span: RegExpExecArray,
  calls: Readonly<Record<string, readonly [Input, Output?]>>,
): Operation<Input, Output> {
  const [text, label = '', end] = span
  const call = calls[label]
  if (call === undefined) throw new Error(`The picture names a call that is not given: ${label}`)
  const [input, output] = call
  const completedAt = span.index + text.length - 1
  const open = { client, key, input, invokedAt: span.index }
  if (end === '…') return { ...open, outcome: { type: 'unknown' } }
  if (end === '!') return { ...open, outcome: { type: 'failed', completedAt } }
  if (output === undefined) throw new Error(`The call ${label} is answered, but no answer is given`)
  return { ...open, outcome: { type: 'ok', output, completedAt } }
}

/** Whether an order is what a verdict claims: complete, in real time, and legal for the model. */
export function isProof<State, Input, Output>(
  order: readonly Operation<Input, Output>[],
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): boolean {
  const completed = history.filter(({ outcome }) => outcome.type === 'ok')
  if (!completed.every((operation) => order.includes(operation))) return false
  if (new Set(order).size !== order.length) return false
  let state = model.initial
  for (const [index, operation] of order.entries()) {
    const { outcome, input, invokedAt } = operation
    if (outcome.type === 'failed') return false
    const late = order.slice(index + 1).some((later) => completion(later) < invokedAt)
    if (late) return false
    const next = model.step(state, input, outcome.type === 'ok' ? outcome.output : undefined)
    if (next === illegal) return false
    state = next
  }
  return true
}

export function completion({ outcome }: Operation<unknown, unknown>): number {
  return outcome.type === 'unknown' ? Infinity : outcome.completedAt
}
