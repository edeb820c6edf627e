import type { VectorClock } from '@casty/clock'
import type { NodeKey } from '@casty/transport'

/**
 * One change by one node: the `counter`-th that `node` made. A peer whose version covers the dot has
 * the change, so an exchange carries only what is not covered.
 *
 * @see Preguiça et al., "Dotted Version Vectors", 2010 (the term; here a plain event name)
 */
export interface Dot {
  readonly node: NodeKey
  readonly counter: number
}

/** Whether a node at this version has the change. */
export function covers(version: VectorClock, dot: Dot): boolean {
  return version.versionOf(dot.node) >= dot.counter
}

/**
 * Which of two changes that told of the same is kept: one by a node that is not removed, since no
 * version covers those of removed nodes; else the greater, so that everybody keeps the same.
 */
export function laterDot(left: Dot, right: Dot, isRemoved: (node: NodeKey) => boolean): Dot {
  const leftRemoved = isRemoved(left.node)
  if (leftRemoved !== isRemoved(right.node)) return leftRemoved ? right : left
  if (left.node !== right.node) return left.node > right.node ? left : right
  return left.counter >= right.counter ? left : right
}
