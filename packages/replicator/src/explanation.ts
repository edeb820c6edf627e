// What a replicator says of itself.
import type { ReplicatorCore } from './core/replicator-core.ts'
import type { CoreCounts } from './core/tally.ts'

/** Counts since the start, and how much there is now. */
export interface ReplicatorMetrics extends CoreCounts {
  readonly keys: number
  readonly pendingCalls: number
  readonly listenerErrors: number
  /** Frames that the endpoint did not take: digests bring what was in them. */
  readonly framesRefused: number
  /** Values that were kept for too long by a former life of this node, and were not taken up again. */
  readonly staleValues: number
}

/** What a replicator works with, and what it waits for. */
export interface ReplicatorExplanation {
  /** Other nodes that hold values, and whether they are in reach. */
  readonly nodes: readonly { readonly node: string; readonly isReachable: boolean }[]
  /** Nodes that are gone, and not out of all values yet, or not for long. */
  readonly nodesToPrune: readonly string[]
  readonly pendingCalls: number
  readonly keys: number
  readonly summary: string
}

/** @param reachable - which nodes are in reach */
export function explainCore(
  { nodes, nodesToPrune, pendingCalls, keys }: ReplicatorCore,
  reachable: ReadonlySet<string>,
): ReplicatorExplanation {
  const outOfReach = nodes.filter((node) => !reachable.has(node))
  const summary =
    `${keys.size} keys on ${nodes.length + 1} nodes, ${pendingCalls} calls wait.` +
    (outOfReach.length === 0 ? '' : ` Out of reach: ${outOfReach.join(', ')}.`) +
    (nodesToPrune.length === 0 ? '' : ` Being pruned: ${nodesToPrune.join(', ')}.`)
  return {
    nodes: nodes.map((node) => ({ node, isReachable: reachable.has(node) })),
    nodesToPrune,
    pendingCalls,
    keys: keys.size,
    summary,
  }
}
