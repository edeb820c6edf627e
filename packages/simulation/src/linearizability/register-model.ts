import {
  answers,
  demandsDone,
  describeCall,
  illegal,
  type RecordedModel,
  type Scalar,
} from './model.ts'
import { isScalar, isScalarOrNull, isVariantOf } from './shape.ts'

/** What is asked of a register. */
export type RegisterInput =
  /** Answers the value, or `null`. */
  | { readonly type: 'read' }
  /** Answers `'done'`. */
  | { readonly type: 'write'; readonly value: Scalar }
  /** Answers whether the value was the expected one, and so was replaced. */
  | {
      readonly type: 'compare-and-set'
      readonly expected: Scalar | null
      readonly value: Scalar
    }

/** The value, `null` for none, or whether it was replaced. */
export type RegisterOutput = Scalar | null

/**
 * One value that is read, written, and replaced if it is the expected one.
 *
 * @param initial - what a read answers before any write
 */
export function registerModel(
  initial: Scalar | null = null,
): RecordedModel<Scalar | null, RegisterInput, RegisterOutput> {
  return {
    name: 'register',
    initial,
    step: (value, input, output) => {
      switch (input.type) {
        case 'read':
          return answers(output, value) ? value : illegal
        case 'write':
          return answers(output, 'done') ? input.value : illegal
        case 'compare-and-set':
          if (!answers(output, value === input.expected)) return illegal
          return value === input.expected ? input.value : value
      }
    },
    stateKey: (value) => JSON.stringify(value),
    describe: (input, output) => {
      switch (input.type) {
        case 'read':
          return describeCall(input, output)
        case 'write':
          return describeCall(input, output, input.value)
        case 'compare-and-set':
          return describeCall(input, output, input.expected, input.value)
      }
    },
    isInput: isVariantOf<RegisterInput>({
      read: {},
      write: { value: isScalar },
      'compare-and-set': { expected: isScalarOrNull, value: isScalar },
    }),
    isOutput: isScalarOrNull,
    demands: demandsDone<RegisterInput>('write'),
  }
}
