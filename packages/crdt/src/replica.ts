import { CrdtError } from './errors.ts'

/** How long the name of a replica may be, in UTF-8 bytes. */
export const maxNodeBytes = 512

const textEncoder = new TextEncoder()

/**
 * Whoever changes values: the name of one life of one node, and a count of the changes that it made. One
 * replica is used for all values of a node, so that no counter is used twice, not even for a value that was
 * deleted and made anew.
 *
 * A process that starts again must take another name (its address with its incarnation), unless it
 * kept both its values and `lastCounter`.
 *
 * What a replica changes must be the newest it has of that value: two changes of one old state, both by
 * the same replica, lose the first when they are merged.
 */
export class Replica {
  readonly node: string
  #lastCounter: number

  /**
   * @param node - a text of 1 to 512 bytes, without lone surrogates
   * @param lastCounter - the highest counter that this name has used
   * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT`
   */
  constructor(node: string, lastCounter = 0) {
    this.node = checkedNode('node', node)
    if (!Number.isSafeInteger(lastCounter) || lastCounter < 0) {
      throw CrdtError.invalidArgument('lastCounter', lastCounter, 'an integer from 0 to 2⁵³ − 1')
    }
    this.#lastCounter = lastCounter
  }

  /** The highest counter used up to now. */
  get lastCounter(): number {
    return this.#lastCounter
  }

  /**
   * A counter that was never used, above `seen`.
   *
   * @throws CrdtError `CASTY_CRDT_OVERFLOW` after 2⁵³ − 1
   */
  nextCounter(seen: number): number {
    const next = Math.max(this.#lastCounter, seen) + 1
    if (!Number.isSafeInteger(next))
      throw CrdtError.overflow(`The count of changes by ${this.node}`)
    this.#lastCounter = next
    return next
  }
}

/** @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` */
export function checkedNode(argument: string, node: string): string {
  if (isNodeName(node)) return node
  throw CrdtError.invalidArgument(
    argument,
    node,
    `a text of 1 to ${maxNodeBytes} bytes without lone surrogates`,
  )
}

/** Whether bytes can hold the name, and give it back. */
export function isNodeName(node: unknown): node is string {
  return (
    typeof node === 'string' &&
    node.length > 0 &&
    node.length <= maxNodeBytes &&
    textEncoder.encode(node).length <= maxNodeBytes &&
    !/\p{Cs}/u.test(node)
  )
}
