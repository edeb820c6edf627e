import { compareText } from './compare-text.ts'
import { joinRanges, rangesCover, type Ranges } from './ranges.ts'

/**
 * Which dots a value has seen, whether what they stood for is still there or was removed since: per node,
 * the ranges of its counters. A dot that is covered, but not in the store, is one that was removed.
 *
 * A node that has missed nothing has one range beginning with 1 per node. Deltas, and values to which
 * deltas came out of order, have gaps.
 *
 * @see Almeida, Shoker & Baquero, "Delta state replicated data types", 2018, §7.2
 */
export class CausalContext {
  static readonly empty: CausalContext = new CausalContext(new Map())

  readonly #byNode: ReadonlyMap<string, Ranges>

  private constructor(byNode: ReadonlyMap<string, Ranges>) {
    this.#byNode = byNode
  }

  /** @param entries - per node its ranges: ascending, not adjacent, at least one */
  static of(entries: Iterable<readonly [node: string, ranges: Ranges]>): CausalContext {
    const byNode = new Map(entries)
    return byNode.size === 0 ? CausalContext.empty : new CausalContext(byNode)
  }

  /** How many nodes have dots here. */
  get size(): number {
    return this.#byNode.size
  }

  /** The nodes that have dots here, in the order of their names. */
  get nodes(): readonly string[] {
    return [...this.#byNode.keys()].toSorted(compareText)
  }

  rangesOf(node: string): Ranges {
    return this.#byNode.get(node) ?? []
  }

  covers(node: string, counter: number): boolean {
    const ranges = this.#byNode.get(node)
    return ranges !== undefined && rangesCover(ranges, counter)
  }

  /** The highest counter that was seen of a node; 0 if none was. */
  highest(node: string): number {
    return this.#byNode.get(node)?.at(-1) ?? 0
  }

  /** Also the dots of `node` from `from` to `to`. */
  with(node: string, from: number, to: number): CausalContext {
    const before = this.rangesOf(node)
    const ranges = joinRanges(before, [from, to])
    return ranges === before ? this : new CausalContext(new Map(this.#byNode).set(node, ranges))
  }

  /** All dots of both; this instance where the other adds none. */
  join(other: CausalContext): CausalContext {
    let joined: Map<string, Ranges> | undefined
    for (const [node, ranges] of other.#byNode) {
      const before = this.#byNode.get(node)
      const after = before === undefined ? ranges : joinRanges(before, ranges)
      if (after === before) continue
      joined ??= new Map(this.#byNode)
      joined.set(node, after)
    }
    return joined === undefined ? this : new CausalContext(joined)
  }

  /** As if nothing had been seen of a node. */
  without(node: string): CausalContext {
    if (!this.#byNode.has(node)) return this
    return CausalContext.of([...this.#byNode].filter(([name]) => name !== node))
  }

  /** The nodes of which something is missing that they made before what was seen of them. */
  nodesWithGaps(): readonly string[] {
    return this.nodes.filter((node) => {
      const ranges = this.rangesOf(node)
      return ranges.length > 2 || ranges[0] !== 1
    })
  }

  equals(other: CausalContext): boolean {
    return this.size === other.size && this.join(other) === this && other.join(this) === other
  }
}
