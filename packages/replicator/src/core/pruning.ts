// The way of a removed node out of a value: its pruning is begun by one owner, seen by every other node, performed
// by the owner, and then remembered for a while, so that nothing that comes late brings the node back.
import type { StandIn } from '@casty/crdt'

/** How far it got. */
export type PruningState =
  | {
      readonly phase: 'initialized'
      /** Who will stand in for the removed node. */
      readonly owner: string
      /** Who has joined what it has with what the owner has; in order. */
      readonly seen: readonly string[]
    }
  | {
      readonly phase: 'performed'
      /** By wall clocks, when it may be forgotten. */
      readonly obsoleteAtMs: number
      /** What took the place of the removed node. */
      readonly by: StandIn
    }

/** What has gone further; of two beginnings that of the owner whose name is lower, of two ends the later one. Commutes. */
export function mergePruning(left: PruningState, right: PruningState): PruningState {
  if (left.phase === 'performed') {
    return right.phase === 'performed' && isLater(right, left) ? right : left
  }
  if (right.phase === 'performed') return right
  if (left.owner !== right.owner) return left.owner < right.owner ? left : right
  const seen = [...new Set([...left.seen, ...right.seen])].toSorted()
  return seen.length === left.seen.length ? left : { ...left, seen }
}

type Performed = Extract<PruningState, { readonly phase: 'performed' }>

/** Of two that were performed at once, each by one side of a partition, all take the same. */
function isLater(one: Performed, other: Performed): boolean {
  if (one.obsoleteAtMs !== other.obsoleteAtMs) return one.obsoleteAtMs > other.obsoleteAtMs
  if (one.by.node !== other.by.node) return one.by.node > other.by.node
  return one.by.from > other.by.from
}

/** Whether it may be forgotten. */
export function isObsolete(state: PruningState, wallMs: number): boolean {
  return state.phase === 'performed' && state.obsoleteAtMs <= wallMs
}
