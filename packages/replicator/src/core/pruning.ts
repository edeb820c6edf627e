// The way of a removed node out of a value: its pruning is begun by one owner, seen by every other node, performed
// by the owner, and then remembered for a while, so that nothing that comes late brings the node back.

/** How far it got. */
export type PruningState =
  | {
      readonly phase: 'initialized'
      /** Who will stand in for the removed node. */
      readonly owner: string
      /** Who has joined what it has with what the owner has; in order. */
      readonly seen: readonly string[]
    }
  /** `obsoleteAtMs`: by wall clocks, when it may be forgotten. */
  | { readonly phase: 'performed'; readonly obsoleteAtMs: number }

/** What has gone further; of two beginnings that of the owner whose name is lower. Commutes. */
export function mergePruning(left: PruningState, right: PruningState): PruningState {
  if (left.phase === 'performed') {
    return right.phase === 'performed' && right.obsoleteAtMs > left.obsoleteAtMs ? right : left
  }
  if (right.phase === 'performed') return right
  if (left.owner !== right.owner) return left.owner < right.owner ? left : right
  const seen = [...new Set([...left.seen, ...right.seen])].toSorted()
  return seen.length === left.seen.length ? left : { ...left, seen }
}

/** Whether it may be forgotten. */
export function isObsolete(state: PruningState, wallMs: number): boolean {
  return state.phase === 'performed' && state.obsoleteAtMs <= wallMs
}
