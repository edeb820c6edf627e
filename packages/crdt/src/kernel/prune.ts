// A node that is gone for good leaves its name in every value that it changed. Pruning has another node
// stand in for it, so that the name can be forgotten.
import type { Replica } from '../replica.ts'
import { CausalContext } from './causal-context.ts'
import { branchOf, entriesOf, stampsOf, type DotStore, type Stamp } from './dot-store.ts'
import { combined, Draft, shapeBelow } from './draft.ts'
import { join, type Causal } from './join.ts'
import { joinRanges, rangesBelow, type Ranges } from './ranges.ts'
import type { Shape } from './shape.ts'

/** What stands in for a removed node, so that whoever still has that one's dots knows which others took their place. */
export interface StandIn {
  /** Who made the dots that stand in. */
  readonly node: string
  /** The first of them; all are in a row. */
  readonly from: number
  /** So many, first in the row, stand for a dot of the removed node alone. */
  readonly alone: number
  /** So many, behind those, stand for a dot of their own node as well. */
  readonly both: number
  /** Those that these replaced, in the same order; none of them where they are more than 256. */
  readonly own: readonly number[]
  /** What had been seen of the removed node. */
  readonly seen: Ranges
}

/** Every change of the one that stands in carries their names. */
const maxOwn = 256

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
  const put = { removed, replica, draft }
  const alone = unseen(standIns(state.store, shape, { ...put, for: 'alone' }))
  const both = unseen(standIns(state.store, shape, { ...put, for: 'both' }))
  return forget(join(state, draft.delta(join(alone, both).store)), removed)
}

/** What stands in for `removed` in what became of `before` when `node` pruned it. */
export function standInOf(before: Causal, after: Causal, removed: string, node: string): StandIn {
  let alone = 0
  const replaced: number[] = []
  for (const dots of leavesOf(before.store)) {
    if (!dots.has(removed)) continue
    const own = dots.get(node)
    if (own) replaced.push(own.counter)
    else alone++
  }
  const both = replaced.length
  const from = after.context.highest(node) - alone - both + 1
  const own = both > maxOwn ? [] : replaced
  return { node, from, alone, both, own, seen: before.context.rangesOf(removed) }
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

/**
 * Forgets a removed node, and takes with it whatever stands in, in `pruned`, for what was taken out here while this was
 * not known yet: where all is known here that was pruned, what is not here any more was taken out.
 */
export function forgetFor(state: Causal, removed: string, pruned: Causal, by: StandIn): Causal {
  const { context } = state
  const after = forget(state, removed)
  if (after === state || !covers(context.rangesOf(removed), by.seen)) return after
  const ownBefore = rangesBelow(pruned.context.rangesOf(by.node), by.from)
  const knowsAll = covers(context.rangesOf(by.node), ownBefore)
  const knows = (own: number | undefined): boolean =>
    own === undefined ? knowsAll : context.covers(by.node, own)
  const wasTakenOut = (counter: number, here: ReadonlyMap<string, Stamp>): boolean => {
    const place = counter - by.from
    if (place < 0 || place >= by.alone + by.both || here.has(removed)) return false
    return place < by.alone || (!here.has(by.node) && knows(by.own[place - by.alone]))
  }
  let seen = after.context
  const visit = (here: DotStore | undefined, there: DotStore | undefined): void => {
    for (const [key, below] of entriesOf(there)) visit(entriesOf(here).get(key), below)
    const counter = stampsOf(there).get(by.node)?.counter
    if (counter === undefined || !wasTakenOut(counter, stampsOf(here))) return
    seen = seen.with(by.node, counter, counter)
  }
  visit(state.store, pruned.store)
  return seen === after.context ? after : { store: after.store, context: seen }
}

function covers(ranges: Ranges, others: Ranges): boolean {
  return joinRanges(ranges, others) === ranges
}

function* leavesOf(store: DotStore | undefined): Generator<ReadonlyMap<string, Stamp>> {
  if (store?.type === 'leaf') yield store.dots
  for (const below of entriesOf(store).values()) yield* leavesOf(below)
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
