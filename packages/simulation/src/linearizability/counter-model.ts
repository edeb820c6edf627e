import { answers, describeCall, illegal, type RecordedModel } from './model.ts'
import { isInteger, isVariantOf } from './shape.ts'

/** What is asked of a counter. */
export type CounterInput =
  /** Answers the value. */
  | { readonly type: 'read' }
  /** Adds `by`, one by default. Answers the new value, or `'done'` where the caller is not told. */
  | { readonly type: 'increment'; readonly by?: number }
  /** Takes `by` away, one by default; answers like `increment`. */
  | { readonly type: 'decrement'; readonly by?: number }

/** The value, where it is told. */
export type CounterOutput = number | 'done'

/** A number that is read and added to. It may be negative. */
export function counterModel(initial = 0): RecordedModel<number, CounterInput, CounterOutput> {
  return {
    name: 'counter',
    initial,
    step: (value, input, output) => {
      switch (input.type) {
        case 'read':
          return answers(output, value) ? value : illegal
        case 'increment':
          return add(value, input.by ?? 1, output)
        case 'decrement':
          return add(value, -(input.by ?? 1), output)
      }
    },
    stateKey: (value) => String(value),
    describe: (input, output) =>
      input.type === 'read' || input.by === undefined
        ? describeCall(input, output)
        : describeCall(input, output, input.by),
    isInput: isVariantOf<CounterInput>({
      read: {},
      increment: { by: isOptionalInteger },
      decrement: { by: isOptionalInteger },
    }),
    isOutput: (value): value is CounterOutput => value === 'done' || isInteger(value),
  }
}

function add(
  value: number,
  amount: number,
  output: CounterOutput | undefined,
): number | typeof illegal {
  return answers(output, value + amount, 'done') ? value + amount : illegal
}

function isOptionalInteger(value: unknown): boolean {
  return value === undefined || isInteger(value)
}
