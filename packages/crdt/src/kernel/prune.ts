// A node that is gone for good leaves its name in every value that it changed. Pruning has another node
// stand in for it, so that the name can be forgotten.
import type { Replica } from '../replica.ts'
import { CausalContext } from './causal-context.ts'
import { branchOf, type DotStore, type Stamp } from './dot-store.ts'
import { combined, Draft, shapeBelow } from './draft.ts'
import { join, type Causal } from './join.ts'
import type { Shape } from './shape.ts'

/**
 * Has `replica` stand in for `removed`: what that node put there is there as if `replica` had, and its name
 * is gone. The same instance where the name is not in it.
 *
 * One node does this, once every other has all that the removed node made; the others take over its
 * result, each once the name is out of what it has: see `forgetPruned`.
 */
export function prune(state: Causal, shape: Shape, removed: string, replica: Replica): Causal {
  if (state.context.highest(removed) === 0) return state
  const draft = new Draft(state.context)
  const put = { removed, replica, draft }
  const alone = unseen(standIns(state.store, shape, { ...put, for: 'alone' }))
  const both = unseen(standIns(state.store, shape, { ...put, for: 'both' }))
  return forget(join(state, draft.delta(join(alone, both).store)), removed)
}

/** Of which nothing is covered: what is joined with it stays. */
function unseen(store: DotStore | undefined): Causal {
  return { store, context: CausalContext.empty }
}

/** As if nothing of `removed` had ever come: for what comes late, after it was pruned. */
export function forget(state: Causal, removed: string): Causal {
  if (state.context.highest(removed) === 0) return state
  return { store: withoutNode(state.store, removed), context: state.context.without(removed) }
}

interface StandInsParts {
  readonly removed: string
  readonly replica: Replica
  readonly draft: Draft
  /** Which of them: for what the removed node put there alone, or beside the replica. */
  readonly for: 'alone' | 'both'
}

/** New leaves in place of those that hold a dot of the removed node, and nothing else. */
function standIns(
  store: DotStore | undefined,
  shape: Shape,
  parts: StandInsParts,
): DotStore | undefined {
  if (store === undefined) return undefined
  if (store.type === 'branch') {
    const below = [...store.entries].map(
      ([key, entry]) => [key, standIns(entry, shapeBelow(shape, key), parts)] as const,
    )
    return branchOf(below)
  }
  const { removed, replica, draft } = parts
  const [gone, own] = [store.dots.get(removed), store.dots.get(replica.node)]
  if (gone === undefined || (own === undefined) !== (parts.for === 'alone')) return undefined
  const replaced: [string, Stamp][] = [[removed, gone]]
  if (own !== undefined) replaced.push([replica.node, own])
  draft.replace({ type: 'leaf', dots: new Map(replaced) })
  const stamps = replaced.map(([node, { payload }]) => [node, payload] as const)
  return draft.leaf(replica, combined(shape, stamps))
}

function withoutNode(store: DotStore | undefined, removed: string): DotStore | undefined {
  if (store === undefined) return undefined
  if (store.type === 'branch') {
    return branchOf([...store.entries].map(([key, below]) => [key, withoutNode(below, removed)]))
  }
  if (!store.dots.has(removed)) return store
  const dots = new Map(store.dots)
  dots.delete(removed)
  return dots.size === 0 ? undefined : { type: 'leaf', dots }
}
