// What all replicated types have in common. A type adds readers and changes; joining, deltas, pruning and
// equality are the same for all of them.
import { CausalContext } from './kernel/causal-context.ts'
import { equalCausal, join, type Causal } from './kernel/join.ts'
import { forget, prune } from './kernel/prune.ts'
import { forgetPruned, standInOf, type StandIn } from './kernel/stand-in.ts'
import type { Shape } from './kernel/shape.ts'
import { CrdtError } from './errors.ts'
import { checkedNode, type Replica } from './replica.ts'

/** What a replicated value is made of. */
export interface Body {
  readonly state: Causal
  /** What its changes since `origin` amount to, joined; absent if there were none. */
  readonly pending?: Causal
  /** The state from which it was changed. */
  readonly origin: Causal
}

/** A replicated type: how its values are built. Two of the same `name` are the same type. */
export interface CrdtType<C> {
  /** Stands in the encoding, and must be the same on every node. */
  readonly name: string
  readonly shape: Shape
  /** What every replica starts from. */
  readonly empty: C
  /** A value with that body, which must be of this type's shape. */
  of(body: Body): C
}

/**
 * A replicated value: immutable; each change makes another one, and answers the same instance where it
 * changes nothing. What was changed is gathered in the value until `withoutDelta`.
 */
export interface Crdt<C> {
  readonly type: CrdtType<C>
  readonly body: Body
}

/** A state before anything happened. */
export const nothingYet: Causal = { store: undefined, context: CausalContext.empty }

/** A value of that state, changed by nobody yet. */
export function fresh<C>(type: CrdtType<C>, state: Causal): C {
  return type.of({ state, origin: state })
}

/** The value after a change. */
export function changed<C extends Crdt<C>>(value: C, delta: Causal): C {
  const { state, pending, origin } = value.body
  const after = join(state, delta)
  if (after === state) return value
  return value.type.of({
    state: after,
    pending: pending === undefined ? delta : join(pending, delta),
    origin,
  })
}

/**
 * The least value that includes both: of two states, of a state and a delta, or of two deltas, in any
 * order, any number of times. The same instance as `left` where `right` adds nothing. What was gathered
 * in `left` since `withoutDelta` stays; what `right` brings is not added to it.
 *
 * @throws CrdtError `CASTY_CRDT_TYPE_MISMATCH` for values of two types
 */
export function merge<C extends Crdt<C>>(left: C, right: C): C {
  sameType(left, right)
  const state = join(left.body.state, right.body.state)
  return state === left.body.state ? left : left.type.of({ ...left.body, state, origin: state })
}

/**
 * What was changed since `withoutDelta`, as a value of the same type, far smaller than the state: merged
 * into a state that lacks it, it does what merging the whole state does. Undefined if nothing was.
 *
 * @see Almeida, Shoker & Baquero, "Delta state replicated data types", 2018
 */
export function deltaOf<C extends Crdt<C>>(value: C): C | undefined {
  const { pending } = value.body
  return pending === undefined ? undefined : fresh(value.type, pending)
}

/** The same value with nothing gathered: once its delta was sent, or kept for sending. */
export function withoutDelta<C extends Crdt<C>>(value: C): C {
  return value.body.pending === undefined ? value : fresh(value.type, value.body.state)
}

/** Whether both are the same state, dot by dot: then their encodings are the same bytes. */
export function equals<C extends Crdt<C>>(left: C, right: C): boolean {
  return left.type.name === right.type.name && equalCausal(left.body.state, right.body.state)
}

/**
 * Whether `value` has all that `delta` builds on: merging it would leave no gap that was not there before.
 * Merging is right without that too, but then something is still missing, and is worth asking for.
 *
 * @throws CrdtError `CASTY_CRDT_TYPE_MISMATCH`
 */
export function follows<C extends Crdt<C>>(value: C, delta: C): boolean {
  sameType(value, delta)
  const gaps = value.body.state.context.nodesWithGaps()
  const after = value.body.state.context.join(delta.body.state.context).nodesWithGaps()
  return after.every((node) => gaps.includes(node))
}

/** The nodes that changed the value, of which something earlier has not come yet. */
export function nodesWithGaps<C extends Crdt<C>>(value: C): readonly string[] {
  return value.body.state.context.nodesWithGaps()
}

/** The nodes that ever changed the value, and were not pruned, in the order of their names. */
export function modifiedBy<C extends Crdt<C>>(value: C): readonly string[] {
  return value.body.state.context.nodes
}

/**
 * Has `replica` stand in for a node that is gone for good, whose name is forgotten. Only one node may do so,
 * after all others have what the removed one made; they take over the result once they have used
 * `withoutPruned` with what `standIn` tells of it. A delta that is gathered is lost: the result is for sending whole.
 *
 * @throws CrdtError `CASTY_CRDT_INVALID_ARGUMENT` when a replica would stand in for itself
 */
export function pruned<C extends Crdt<C>>(value: C, removed: string, replica: Replica): C {
  if (checkedNode('removed', removed) === replica.node) {
    throw CrdtError.invalidArgument('removed', removed, 'a node other than the one that stands in')
  }
  const { state } = value.body
  const after = prune(state, value.type.shape, removed, replica)
  return after === state ? value : fresh(value.type, after)
}

/**
 * What took the place of a removed node, for whoever has yet to take over the result: see `withoutPruned`.
 *
 * @param before - the value that had the removed node in it
 * @param after - what `pruned` made of it
 * @param node - the name of the replica that stands in
 */
export function standIn<C extends Crdt<C>>(
  before: C,
  after: C,
  removed: string,
  node: string,
): StandIn {
  return standInOf(before.body.state, after.body.state, removed, node)
}

/**
 * The same as `withoutNode` for a value that has yet to be merged with the one out of which the node was pruned: what was
 * taken out here meanwhile stays out, though something else stands in for it there.
 *
 * @param other - the value out of which it was pruned, or what became of that
 * @param by - what `standIn` told of it
 * @throws CrdtError `CASTY_CRDT_TYPE_MISMATCH` for values of two types
 */
export function withoutPruned<C extends Crdt<C>>(
  value: C,
  removed: string,
  other: C,
  by: StandIn,
): C {
  sameType(value, other)
  const { state } = value.body
  const after = forgetPruned(state, removed, other.body.state, by)
  return after === state ? value : fresh(value.type, after)
}

/** The value as if nothing of that node had come: for what comes late, after it was pruned. */
export function withoutNode<C extends Crdt<C>>(value: C, removed: string): C {
  const { state } = value.body
  const after = forget(state, removed)
  return after === state ? value : fresh(value.type, after)
}

function sameType<C extends Crdt<C>>(left: C, right: C): void {
  if (left.type.name !== right.type.name) {
    throw CrdtError.typeMismatch(left.type.name, right.type.name)
  }
}
