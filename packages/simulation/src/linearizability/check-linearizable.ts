import { SimulationError } from '../errors.ts'
import { assertOperations } from './assert-operations.ts'
import { explainExhaustion, explainViolation } from './explain.ts'
import { illegal, type Model } from './model.ts'
import { assertMoments, completionOf, outputOf, type History, type Operation } from './operation.ts'
import { partitions, type HistoryPartition } from './partition.ts'
import { search, type Placement, type SearchLimits } from './search.ts'

export interface LinearizabilityOptions {
  /**
   * Steps of the model that each partition may take. Raising it decides longer or more concurrent
   * histories; a million steps take about a second, and the time grows exponentially with
   * the number of concurrent operations. From 1. @defaultValue 1_000_000
   */
  readonly maxSteps?: number
  /**
   * What one partition's search may remember, in bytes, by estimate. Lowering it protects a small
   * machine, and leaves more histories undecided. 1 to 1_073_741_824. @defaultValue 268_435_456
   */
  readonly maxMemoBytes?: number
  /**
   * What the moments of the history are, for explanations: `order` numbers, as a recorder counts
   * unless told otherwise, or `ms` where its `now` is a clock. @defaultValue 'order'
   */
  readonly moments?: 'order' | 'ms'
}

export const linearizabilityDefaults: Required<LinearizabilityOptions> = {
  maxSteps: 1_000_000,
  maxMemoBytes: 268_435_456,
  moments: 'order',
}

/** Why a history is not linearizable, for one partition of it. */
export interface LinearizabilityViolation<State, Input, Output> {
  readonly partition: HistoryPartition<Input, Output>
  /** The longest order found that agrees with the model and real time, with the state after each. */
  readonly prefix: readonly Placement<State, Input, Output>[]
  /** Where that order ends. */
  readonly state: State
  /** One of these would have to come next, and none can have answered as it did in that state. */
  readonly unplaceable: readonly Operation<Input, Output>[]
  /** Operations with unknown outcome that could come next too; placing them did not help. */
  readonly pending: readonly Operation<Input, Output>[]
}

/** A partition that could not be decided within the limits. */
export interface ExhaustedPartition<Input, Output> {
  readonly partition: HistoryPartition<Input, Output>
  readonly limit: keyof SearchLimits
}

export type LinearizabilityVerdict<State, Input, Output> =
  | {
      readonly type: 'linearizable'
      /** Steps of the model taken by all searches together. */
      readonly steps: number
      /** A proof: for each partition an order in which a sequential object answers the same. */
      readonly orders: readonly (readonly Operation<Input, Output>[])[]
    }
  | {
      readonly type: 'not-linearizable'
      readonly steps: number
      readonly violation: LinearizabilityViolation<State, Input, Output>
      /** The violation in words, over several lines. */
      readonly explanation: string
    }
  | {
      readonly type: 'unknown'
      readonly steps: number
      readonly exhausted: readonly ExhaustedPartition<Input, Output>[]
      /** What could not be decided, and what to do, in words. */
      readonly explanation: string
    }

/**
 * Whether the operations could have taken effect one at a time, each at some moment between its
 * invocation and its completion, on an object that behaves like the model.
 *
 * The verdict `linearizable` needs every partition to be; `not-linearizable` is certain with the first
 * partition that is not, whatever is undecided elsewhere; the rest is `unknown`, which never counts
 * as a pass. Few clients per key (≤ 5), many keys and few unknown outcomes (≤ 1 %) keep it decidable.
 *
 * @throws HistoryError `CASTY_SIMULATION_HISTORY_INVALID` for moments no operation can have, and
 * for an input or answer that the model does not know; `CASTY_SIMULATION_INVALID_OPTION` for a wrong option
 * @see Herlihy & Wing, "Linearizability", TOPLAS 1990; the search is Wing & Gong's (JPDC 1993) with
 * the store of configurations of Lowe, "Testing for linearizability" (2017)
 * @example
 * const verdict = checkLinearizable(recorder.history(), counterModel())
 * if (verdict.type === 'not-linearizable') throw new Error(verdict.explanation)
 */
export function checkLinearizable<State, Input, Output>(
  history: History<Input, Output>,
  model: Model<State, Input, Output>,
  options: LinearizabilityOptions = {},
): LinearizabilityVerdict<State, Input, Output> {
  const { moments, ...limits } = { ...linearizabilityDefaults, ...options }
  assertLimits(limits)
  assertUnit(moments)
  assertMoments(history)
  assertOperations(history, model)
  const orders: (readonly Operation<Input, Output>[])[] = []
  const exhausted: ExhaustedPartition<Input, Output>[] = []
  let steps = 0
  for (const partition of partitions(history, model)) {
    const result = search(partition.operations, model, limits)
    steps += result.steps
    switch (result.type) {
      case 'found':
        orders.push(result.order.map(({ operation }) => operation))
        break
      case 'none': {
        const violation = violationOf(partition, result.longest, model)
        const explanation = explainViolation(violation, model, moments)
        return { type: 'not-linearizable', steps, violation, explanation }
      }
      case 'exhausted':
        exhausted.push({ partition, limit: result.limit })
        break
    }
  }
  if (exhausted.length === 0) return { type: 'linearizable', steps, orders }
  return { type: 'unknown', steps, exhausted, explanation: explainExhaustion(exhausted) }
}

function violationOf<State, Input, Output>(
  partition: HistoryPartition<Input, Output>,
  prefix: readonly Placement<State, Input, Output>[],
  model: Model<State, Input, Output>,
): LinearizabilityViolation<State, Input, Output> {
  const state = prefix.at(-1)?.state ?? model.initial
  const placed = new Set(prefix.map(({ operation }) => operation))
  const open = partition.operations.filter((operation) => !placed.has(operation))
  const completed = open.filter((operation) => operation.outcome.type === 'ok')
  const deadline = completed.reduce((least, next) => Math.min(least, completionOf(next)), Infinity)
  const next = open.filter((operation) => operation.invokedAt <= deadline)
  return {
    partition,
    prefix,
    state,
    unplaceable: next.filter(
      (operation) =>
        operation.outcome.type === 'ok' &&
        model.step(state, operation.input, outputOf(operation)) === illegal,
    ),
    pending: next.filter((operation) => operation.outcome.type === 'unknown'),
  }
}

/** A gibibyte of configurations is below what one `Set` can hold. */
const maxMemoBytesAllowed = 1_073_741_824

function assertLimits({ maxSteps, maxMemoBytes }: SearchLimits): void {
  if (!Number.isSafeInteger(maxSteps) || maxSteps < 1) {
    throw SimulationError.invalidOption('maxSteps', maxSteps, 'a whole number from 1')
  }
  if (!(maxMemoBytes >= 1 && maxMemoBytes <= maxMemoBytesAllowed)) {
    throw SimulationError.invalidOption('maxMemoBytes', maxMemoBytes, `1 to ${maxMemoBytesAllowed}`)
  }
}

function assertUnit(moments: Required<LinearizabilityOptions>['moments']): void {
  if (['order', 'ms'].includes(moments)) return
  throw SimulationError.invalidOption('moments', moments, 'order or ms')
}
