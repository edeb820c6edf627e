import type { CausalContext } from './causal-context.ts'
import {
  entriesOf,
  equalStores,
  stampsOf,
  type DotStore,
  type Leaf,
  type Stamp,
} from './dot-store.ts'
import { joinPayloads } from './payload.ts'

/**
 * A dot store and the context in which it stands: a state of a replicated value, and just as well a delta,
 * which is a state that holds what one or several changes added and covers what they replaced.
 *
 * Every dot in the store is covered by the context.
 */
export interface Causal {
  readonly store: DotStore | undefined
  readonly context: CausalContext
}

/**
 * The least state that includes both: commutative, associative, idempotent. What is in both is kept, as is
 * what one side has and the other has never seen; what the other has seen and no longer has was removed.
 * The left instance itself where the right one adds nothing.
 *
 * @see Almeida, Shoker & Baquero, "Delta state replicated data types", 2018, fig. 8
 */
export function join(left: Causal, right: Causal): Causal {
  if (left === right) return left
  const context = left.context.join(right.context)
  const store = joinStores(left.store, right.store, left.context, right.context)
  return store === left.store && context === left.context ? left : { store, context }
}

/** Whether both hold the same dots at the same places, and have seen the same. */
export function equalCausal(left: Causal, right: Causal): boolean {
  return left.context.equals(right.context) && equalStores(left.store, right.store)
}

function joinStores(
  left: DotStore | undefined,
  right: DotStore | undefined,
  leftContext: CausalContext,
  rightContext: CausalContext,
): DotStore | undefined {
  // Types of values are compared before they are joined, so both are of one kind.
  const type = left?.type ?? right?.type
  return type === 'branch'
    ? joinBranches(left, right, leftContext, rightContext)
    : joinLeaves(left, right, leftContext, rightContext)
}

function joinBranches(
  left: DotStore | undefined,
  right: DotStore | undefined,
  leftContext: CausalContext,
  rightContext: CausalContext,
): DotStore | undefined {
  const [mine, theirs] = [entriesOf(left), entriesOf(right)]
  let joined: Map<string, DotStore> | undefined
  const put = (key: string, before: DotStore | undefined, after: DotStore | undefined): void => {
    if (before === after) return
    joined ??= new Map(mine)
    if (after === undefined) joined.delete(key)
    else joined.set(key, after)
  }
  for (const [key, below] of mine) {
    const other = theirs.get(key)
    // What a delta does not mention is most of a value: it costs no more than a look.
    if (other === undefined && isUnseen(below, rightContext)) continue
    put(key, below, joinStores(below, other, leftContext, rightContext))
  }
  for (const [key, below] of theirs)
    if (!mine.has(key)) put(key, undefined, joinStores(undefined, below, leftContext, rightContext))
  if (joined === undefined) return left
  return joined.size === 0 ? undefined : { type: 'branch', entries: joined }
}

/** Whether the other side has seen nothing of it, and so removed nothing either. */
function isUnseen(store: DotStore, context: CausalContext): boolean {
  if (store.type === 'branch') {
    for (const below of store.entries.values()) if (!isUnseen(below, context)) return false
    return true
  }
  for (const [node, { counter }] of store.dots) if (context.covers(node, counter)) return false
  return true
}

function joinLeaves(
  left: DotStore | undefined,
  right: DotStore | undefined,
  leftContext: CausalContext,
  rightContext: CausalContext,
): Leaf | undefined {
  const [mine, theirs] = [stampsOf(left), stampsOf(right)]
  let joined: Map<string, Stamp> | undefined
  const put = (node: string, before: Stamp | undefined, after: Stamp | undefined): void => {
    if (before === after) return
    joined ??= new Map(mine)
    if (after === undefined) joined.delete(node)
    else joined.set(node, after)
  }
  for (const [node, stamp] of mine) {
    put(node, stamp, survivor(node, stamp, theirs.get(node), leftContext, rightContext))
  }
  for (const [node, stamp] of theirs) {
    if (!mine.has(node) && !leftContext.covers(node, stamp.counter)) put(node, undefined, stamp)
  }
  if (joined === undefined) return left?.type === 'leaf' ? left : undefined
  return joined.size === 0 ? undefined : { type: 'leaf', dots: joined }
}

/** Which dot of a node remains in a leaf, if any. */
function survivor(
  node: string,
  mine: Stamp,
  theirs: Stamp | undefined,
  leftContext: CausalContext,
  rightContext: CausalContext,
): Stamp | undefined {
  if (theirs?.counter === mine.counter) {
    const payload = joinPayloads(mine.payload, theirs.payload)
    return payload === mine.payload ? mine : { ...mine, payload }
  }
  const isMineLeft = !rightContext.covers(node, mine.counter)
  const isTheirsNew = theirs !== undefined && !leftContext.covers(node, theirs.counter)
  if (!isTheirsNew) return isMineLeft ? mine : undefined
  return isMineLeft && mine.counter > theirs.counter ? mine : theirs
}
