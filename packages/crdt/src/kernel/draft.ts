import type { Replica } from '../replica.ts'
import { CausalContext } from './causal-context.ts'
import { branchOf, dotsOf, leafOf, type DotStore, type Leaf } from './dot-store.ts'
import type { Causal } from './join.ts'
import type { Payload } from './payload.ts'
import type { Shape } from './shape.ts'

/**
 * A change being made: takes new dots, notes which ones they replace, and ends as a delta. The delta covers
 * everything that the replica itself did before, so that there are no gaps where a counter was used for
 * another value.
 */
export class Draft {
  readonly #before: CausalContext
  #context: CausalContext

  /** @param context - what this change has covered already, as part of a larger one */
  constructor(before: CausalContext, context: CausalContext = CausalContext.empty) {
    this.#before = before
    this.#context = context
  }

  /** What is here is replaced, or removed. */
  replace(store: DotStore | undefined): this {
    for (const { node, counter } of dotsOf(store)) {
      this.#context = this.#context.with(node, counter, counter)
    }
    return this
  }

  /** A new dot of that replica. */
  leaf(replica: Replica, payload: Payload): Leaf {
    const { node } = replica
    const last = Math.max(this.#before.highest(node), this.#context.highest(node))
    const counter = replica.nextCounter(last)
    this.#context = this.#context.with(node, last + 1, counter)
    return leafOf(node, counter, payload)
  }

  /** The same content with new dots, as if that replica had made all of it. */
  copy(replica: Replica, store: DotStore | undefined, shape: Shape): DotStore | undefined {
    if (store === undefined) return undefined
    if (store.type === 'branch') {
      const copied = [...store.entries].map(
        ([key, below]) => [key, this.copy(replica, below, shapeBelow(shape, key))] as const,
      )
      return branchOf(copied)
    }
    const stamps = [...store.dots].map(([node, { payload }]) => [node, payload] as const)
    return this.leaf(replica, combined(shape, stamps))
  }

  /** The change, with what it put there. */
  delta(store?: DotStore): Causal {
    return { store, context: this.#context }
  }
}

/** How what is below a key is built. */
export function shapeBelow(shape: Shape, key: string): Shape {
  const below =
    shape.type === 'branch' ? shape.below : shape.type === 'fields' ? shape.fields[key] : undefined
  if (below !== undefined) return below
  throw new Error(`The key ${key} is in a store whose shape has a place for it`)
}

/** What several dots in a leaf say, as one. */
export function combined(
  shape: Shape,
  stamps: readonly (readonly [node: string, payload: Payload])[],
): Payload {
  if (shape.type === 'leaf') return shape.combine(stamps)
  throw new Error('Dots are in leaves, where the shape has one too')
}
