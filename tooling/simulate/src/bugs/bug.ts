/** What is promised, by which a bug is to be caught. */
export type BrokenPromise =
  | 'all agree' // P1
  | 'decisions stay' // P2
  | 'the healthy are reachable' // P7
  | 'the dead are found'
  | 'there is one cluster'
  | 'whoever wants in or out gets there'
  | 'everything is bounded' // P6
  | 'one side survives' // P3, between sides.
  | 'losers stop' // P3, in time.
  | 'decisions rest on quiet'
  | 'nobody is downed needlessly' // P7, by decision.
  | 'nobody is downed across' // By another data center.
  | 'what is acknowledged stays' // P5, in journals.
  | 'stale writers are refused' // P4
  | 'damage is told'
  | 'one owner at a time' // P3
  | 'epochs grow' // P4
  | 'messages are accounted for' // P6
  | 'messages keep their order'

/** A change of one source file. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string
  /** Text of that file, which stands there exactly once. */
  readonly find: string
  readonly replace: string
}

/** A mistake that somebody could make, put into the code under test on purpose. */
export interface SeededBug extends Edit {
  readonly name: string
  readonly promise: BrokenPromise
  readonly scenario: string
  /** Where two defences stand behind each other: the other one, taken away too. */
  readonly also?: Edit
  /** What goes wrong in a cluster that has it. */
  readonly why: string
}

/** All that a bug changes, each with its name. */
export function editsOf({ name, also, ...bug }: SeededBug): readonly (Edit & { name: string })[] {
  const { file, find, replace } = bug
  return [{ name, file, find, replace }, ...(also === undefined ? [] : [{ name, ...also }])]
}

/**
 * A source with the bug in it.
 *
 * @throws Error when the text is not there exactly once: the code has moved on, the catalogue has not
 */
export function withBug(
  { name, file, find, replace }: Edit & Pick<SeededBug, 'name'>,
  source: string,
): string {
  const count = source.split(find).length - 1
  if (count !== 1) {
    throw new Error(
      `The seeded bug "${name}" does not fit ${file}: the text that it replaces stands there ` +
        `${count} times, not once. Adapt its \`find\` and \`replace\` to the code as it is.`,
    )
  }
  return source.replace(find, () => replace)
}
