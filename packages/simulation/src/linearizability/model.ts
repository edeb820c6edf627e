/** What `step` returns when no object of this kind could have answered so. */
export const illegal: unique symbol = Symbol('illegal')

/**
 * The sequential specification of one object: what it may answer when operations come one at a time.
 * Models are values, so a model of one's own is an object with these members.
 */
export interface Model<State, Input, Output> {
  /** What the object is, for verdicts: `counter`. */
  readonly name: string
  readonly initial: State
  /**
   * The state after an operation. Pure: it neither changes `state` nor depends on anything else.
   *
   * @param output - what was answered; `undefined` if that is unknown, and then any answer is fine
   * @returns the next state, or `illegal` if the object in this state cannot have answered so
   */
  step(state: State, input: Input, output: Output | undefined): State | typeof illegal
  /** Equal for equal states and for no others. Verdicts show it to people. */
  stateKey(state: State): string
  /**
   * The independent parts of the object that an operation reads or writes: entries of a map, elements
   * of a set. Operations that share no part, not even through others, are searched apart, which
   * decides how long a check takes. Without it, or where one operation touches `'whole'`, all
   * operations on the object are searched together.
   * @see Herlihy & Wing, "Linearizability", TOPLAS 1990, theorem 1 (locality)
   */
  partition?(input: Input): readonly string[] | 'whole'
  /** A few words for a person: `write 3`, `read → 3`. */
  describe(input: Input, output: Output | undefined): string
  /** Tells its inputs from other data. Where given, a check refuses a history with others. */
  isInput?(this: void, value: unknown): value is Input
  /** Tells its answers from other data, likewise. */
  isOutput?(this: void, value: unknown): value is Output
  /**
   * What this operation always answers, as a sentence (`a write answers 'done'`), if that is not
   * `output`; undefined if it is. A check refuses such a history: the recording is wrong.
   */
  demands?(this: void, input: Input, output: Output): string | undefined
}

/** Tells operations of one kind of object from other data, so that histories can be read from text. */
export interface OperationShape<Input, Output> {
  isInput(this: void, value: unknown): value is Input
  isOutput(this: void, value: unknown): value is Output
}

/** A model whose histories can be read by `decodeHistory`. All models of this package are. */
export type RecordedModel<State, Input, Output> = Model<State, Input, Output> &
  OperationShape<Input, Output>

/** A stored value. Absent is `null`, here and in answers: histories travel as JSON. */
export type Scalar = string | number | boolean

/** `write 3 → "done"`, and `write 3 → ?` while the answer is unknown. */
export function describeCall(
  input: { readonly type: string },
  output: unknown,
  ...arguments_: readonly unknown[]
): string {
  const words = [input.type, ...arguments_.map((argument) => JSON.stringify(argument))]
  return `${words.join(' ')} → ${output === undefined ? '?' : JSON.stringify(output)}`
}

/** The `demands` of a model in which these operations tell nothing, and so answer `'done'`. */
export function demandsDone<Input extends { readonly type: string }>(
  ...types: readonly Input['type'][]
): (this: void, input: Input, output: unknown) => string | undefined {
  return ({ type }, output) => {
    if (output === 'done' || !types.includes(type)) return undefined
    return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type} answers 'done'`
  }
}

/** Whether an answer is the expected one, or not known at all. */
export function answers<Output>(
  output: Output | undefined,
  ...expected: readonly Output[]
): boolean {
  return output === undefined || expected.includes(output)
}
