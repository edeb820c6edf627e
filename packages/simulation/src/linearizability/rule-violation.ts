import type { Operation } from './operation.ts'

/** A rule that a history breaks, for certain: the checks without a search never accuse wrongly. */
export interface RuleViolation<Rule extends string, Input, Output> {
  readonly rule: Rule
  readonly key: string
  /** What happened, in a sentence for people. */
  readonly message: string
  /** The operations that contradict each other, in the order in which the sentence names them. */
  readonly operations: readonly Operation<Input, Output>[]
}
