import {
  illegal,
  type History,
  type Model,
  type Operation,
} from '@casty/simulation/linearizability'
import { completion } from './timelines.ts'

/**
 * The definition, written down: does some permutation of the operations that completed, together
 * with some of those whose outcome is unknown, agree with real time and the model? Nothing is
 * remembered and nothing is split, so it is slow, and easy to believe.
 *
 * @see Herlihy & Wing, "Linearizability", TOPLAS 1990 (the definition)
 */
export function isLinearizableByDefinition<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
): boolean {
  return extend(
    model.initial,
    history.filter(({ outcome }) => outcome.type !== 'failed'),
    model,
  )
}

function extend<State, Input, Output>(
  state: State,
  open: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): boolean {
  if (open.every(({ outcome }) => outcome.type === 'unknown')) return true
  return open.some((operation) => {
    if (open.some((other) => completion(other) < operation.invokedAt)) return false
    const { outcome, input } = operation
    const next = model.step(state, input, outcome.type === 'ok' ? outcome.output : undefined)
    if (next === illegal) return false
    return extend(
      next,
      open.filter((other) => other !== operation),
      model,
    )
  })
}
