import { answers, describeCall, illegal, type RecordedModel } from './model.ts'
import { isInteger, isString, isVariantOf } from './shape.ts'

/** What is asked of a set. */
export type SetInput =
  /** Answers whether it is new, or `'done'`. */
  | { readonly type: 'add'; readonly element: string }
  /** Answers whether it was there, or `'done'`. */
  | { readonly type: 'remove'; readonly element: string }
  /** Answers whether it is there. */
  | { readonly type: 'contains'; readonly element: string }
  /** Answers the number of elements. One such operation makes a set be searched as a whole. */
  | { readonly type: 'size' }

/** Whether an element is there, is new or was there, or how many there are. */
export type SetOutput = boolean | number | 'done'
/** The elements. */
export type SetState = ReadonlySet<string>

/** Elements, each there or not. They are independent, so each is searched on its own. */
export function setModel(
  initial: SetState = new Set(),
): RecordedModel<SetState, SetInput, SetOutput> {
  return {
    name: 'set',
    initial,
    step,
    stateKey: (set) => JSON.stringify([...set].toSorted()),
    partition: (input) => (input.type === 'size' ? 'whole' : [input.element]),
    describe: (input, output) =>
      input.type === 'size'
        ? describeCall(input, output)
        : describeCall(input, output, input.element),
    isInput: isVariantOf<SetInput>({
      add: { element: isString },
      remove: { element: isString },
      contains: { element: isString },
      size: {},
    }),
    isOutput: (value): value is SetOutput =>
      typeof value === 'boolean' || value === 'done' || isInteger(value),
  }
}

function step(
  set: SetState,
  input: SetInput,
  output: SetOutput | undefined,
): SetState | typeof illegal {
  if (input.type === 'size') return answers(output, set.size) ? set : illegal
  const { element } = input
  const present = set.has(element)
  switch (input.type) {
    case 'add':
      if (!answers(output, !present, 'done')) return illegal
      return present ? set : new Set(set).add(element)
    case 'remove':
      if (!answers(output, present, 'done')) return illegal
      return present ? new Set([...set].filter((other) => other !== element)) : set
    case 'contains':
      return answers(output, present) ? set : illegal
  }
}
