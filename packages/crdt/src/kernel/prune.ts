// A node that is gone for good leaves its name in every value that it changed. Pruning has another node
// stand in for it, so that the name can be forgotten.
import type { Replica } from '../replica.ts'
import { branchOf, type DotStore, type Stamp } from './dot-store.ts'
import { combined, Draft, shapeBelow } from './draft.ts'
import { join, type Causal } from './join.ts'
import type { Shape } from './shape.ts'

/**
 * Has `replica` stand in for `removed`: what that node put there is there as if `replica` had, and its name
 * is gone. The same instance where the name is not in it.
 *
 * One node does this, once every other has all that the removed node made; the others take over its
 * result, each after `forget`ting the name.
 */
export function prune(state: Causal, shape: Shape, removed: string, replica: Replica): Causal {
  if (state.context.highest(removed) === 0) return state
  const draft = new Draft(state.context)
  const store = standIns(state.store, shape, removed, replica, draft)
  return forget(join(state, draft.delta(store)), removed)
}

/** As if nothing of `removed` had ever come: for what comes late, after it was pruned. */
export function forget(state: Causal, removed: string): Causal {
  if (state.context.highest(removed) === 0) return state
  return { store: withoutNode(state.store, removed), context: state.context.without(removed) }
}

/** New leaves in place of those that hold a dot of the removed node, and nothing else. */
function standIns(
  store: DotStore | undefined,
  shape: Shape,
  removed: string,
  replica: Replica,
  draft: Draft,
): DotStore | undefined {
  if (store === undefined) return undefined
  if (store.type === 'branch') {
    const below = [...store.entries].map(
      ([key, entry]) =>
        [key, standIns(entry, shapeBelow(shape, key), removed, replica, draft)] as const,
    )
    return branchOf(below)
  }
  const gone = store.dots.get(removed)
  if (gone === undefined) return undefined
  const own = store.dots.get(replica.node)
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
