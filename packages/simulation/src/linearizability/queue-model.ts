import {
  answers,
  demandsDone,
  describeCall,
  illegal,
  type RecordedModel,
  type Scalar,
} from './model.ts'
import { isScalar, isScalarOrNull, isVariantOf } from './shape.ts'

/** What is asked of a queue. */
export type QueueInput =
  /** Answers `'done'`. */
  | { readonly type: 'enqueue'; readonly value: Scalar }
  /** Answers the oldest value and removes it, or `null` if there is none. */
  | { readonly type: 'dequeue' }
  /** Answers the oldest value, or `null` if there is none. */
  | { readonly type: 'peek' }
  /** Answers the number of values. */
  | { readonly type: 'size' }

/** A value, `null` for none, or how many there are. */
export type QueueOutput = Scalar | null
/** The values that wait, oldest first. */
export type QueueState = readonly Scalar[]

/**
 * First in, first out, without bound. Searching it takes long when many values are enqueued at once,
 * since each order of them is a state of its own; `checkQueueItems` needs no search.
 */
export function queueModel(
  initial: QueueState = [],
): RecordedModel<QueueState, QueueInput, QueueOutput> {
  return {
    name: 'queue',
    initial,
    step: (values, input, output) => {
      const oldest = values[0] ?? null
      switch (input.type) {
        case 'enqueue':
          return answers(output, 'done') ? [...values, input.value] : illegal
        case 'dequeue':
          if (!answers(output, oldest)) return illegal
          return oldest === null ? values : values.slice(1)
        case 'peek':
          return answers(output, oldest) ? values : illegal
        case 'size':
          return answers(output, values.length) ? values : illegal
      }
    },
    stateKey: (values) => JSON.stringify(values),
    describe: (input, output) =>
      input.type === 'enqueue'
        ? describeCall(input, output, input.value)
        : describeCall(input, output),
    isInput: isVariantOf<QueueInput>({
      enqueue: { value: isScalar },
      dequeue: {},
      peek: {},
      size: {},
    }),
    isOutput: isScalarOrNull,
    demands: demandsDone<QueueInput>('enqueue'),
  }
}
