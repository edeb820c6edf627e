import { Memo } from './memo.ts'
import { illegal, type Model } from './model.ts'
import { OpenCalls } from './open-calls.ts'
import { outputOf, type History, type Operation } from './operation.ts'

export interface SearchLimits {
  readonly maxSteps: number
  readonly maxMemoBytes: number
}

export type SearchResult<State, Input, Output> =
  | {
      readonly type: 'found'
      readonly order: readonly Placement<State, Input, Output>[]
      readonly steps: number
    }
  | {
      readonly type: 'none'
      /** The longest order that was found, by operations that completed. */
      readonly longest: readonly Placement<State, Input, Output>[]
      readonly steps: number
    }
  | { readonly type: 'exhausted'; readonly limit: keyof SearchLimits; readonly steps: number }

/** An operation in its place, and the state after it. */
export interface Placement<State, Input, Output> {
  readonly operation: Operation<Input, Output>
  readonly state: State
}

/** A placement and what was placed before it: the way back, and the order so far. */
interface Frame<State> {
  readonly number: number
  readonly state: State
  readonly before: Frame<State> | undefined
  /** How many operations that completed are placed up to here. */
  readonly depth: number
  /** The highest number among them, -1 for none. */
  readonly highest: number
}

/**
 * Looks for an order of all operations that completed, and of any that perhaps took effect, which
 * agrees with real time and with the model. Depth first: place what may come next, go back when
 * nothing fits, and never enter a configuration twice. Operations that failed are left out.
 *
 * @see Wing & Gong, "Testing and verifying concurrent objects", JPDC 1993 (the search)
 * @see Lowe, "Testing for linearizability", Concurrency and Computation 2017 (the store of
 * configurations)
 */
export function search<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
  limits: SearchLimits,
): SearchResult<State, Input, Output> {
  const calls = new OpenCalls(history)
  const memo = new Memo(calls.completed, calls.operations.length - calls.completed)
  let top: Frame<State> | undefined
  let longest: Frame<State> | undefined
  let tried = -1
  let steps = 0
  while ((top?.depth ?? 0) < calls.completed) {
    const number = calls.candidate(tried)
    if (number === undefined) {
      if (top === undefined) return { type: 'none', longest: orderUpTo(longest, calls), steps }
      calls.unplace(top.number)
      memo.flip(top.number)
      tried = top.number
      top = top.before
      continue
    }
    if (steps >= limits.maxSteps) return { type: 'exhausted', limit: 'maxSteps', steps }
    if (memo.bytes >= limits.maxMemoBytes)
      return { type: 'exhausted', limit: 'maxMemoBytes', steps }
    steps++
    tried = number
    const frame = after(top, number, calls, model)
    if (frame === undefined) continue
    calls.place(number)
    memo.flip(number)
    const isNew =
      frame.depth === calls.completed ||
      memo.add(calls.lowest(), frame.highest, model.stateKey(frame.state))
    if (isNew) {
      top = frame
      if (frame.depth > (longest?.depth ?? 0)) longest = frame
      tried = -1
    } else {
      calls.unplace(number)
      memo.flip(number)
    }
  }
  return { type: 'found', order: orderUpTo(top, calls), steps }
}

/** The frame with one more operation; undefined if the model forbids it, or nothing is won by it. */
function after<State, Input, Output>(
  top: Frame<State> | undefined,
  number: number,
  calls: OpenCalls<Input, Output>,
  model: Model<State, Input, Output>,
): Frame<State> | undefined {
  const { depth, highest, state } = top ?? { depth: 0, highest: -1, state: model.initial }
  const operation = calls.operation(number)
  const next = model.step(state, operation.input, outputOf(operation))
  if (next === illegal) return undefined
  if (number < calls.completed) {
    return {
      number,
      state: next,
      before: top,
      depth: depth + 1,
      highest: Math.max(highest, number),
    }
  }
  // Nobody demands that it took effect. Where it changes nothing, leaving it out keeps more open.
  if (model.stateKey(next) === model.stateKey(state)) return undefined
  return { number, state: next, before: top, depth, highest }
}

function orderUpTo<State, Input, Output>(
  top: Frame<State> | undefined,
  calls: OpenCalls<Input, Output>,
): readonly Placement<State, Input, Output>[] {
  const order: Placement<State, Input, Output>[] = []
  for (let frame = top; frame !== undefined; frame = frame.before) {
    order.push({ operation: calls.operation(frame.number), state: frame.state })
  }
  return order.toReversed()
}
