import {
  merge,
  modifiedBy,
  pruned,
  standIn,
  withoutPruned,
  type Crdt,
  type Replica,
} from '@casty/crdt'
import { isObsolete, mergePruning, type PruningState } from './pruning.ts'

/** A value with how far removed nodes have got out of it. Immutable. */
export interface Envelope<C> {
  readonly value: C
  readonly pruning: ReadonlyMap<string, PruningState>
}

/** A value out of which nobody is being pruned. */
export function envelopeOf<C>(value: C): Envelope<C> {
  return { value, pruning: new Map() }
}

/**
 * Joins values, and how far each pruning got. Where one was performed, what the other side still has of the
 * removed node is left out: it is in what stands in for it, or came after its end. What was taken out before the other
 * side was known to be pruned stays out. The left instance where the right one adds nothing.
 */
export function mergeEnvelopes<C extends Crdt<C>>(
  left: Envelope<C>,
  right: Envelope<C>,
  wallMs: number,
): Envelope<C> {
  const pruning = mergeAllPruning(left.pruning, right.pruning, wallMs)
  const value = merge(
    cleaned(left.value, right.value, pruning),
    cleaned(right.value, left.value, pruning),
  )
  return value === left.value && pruning === left.pruning ? left : { value, pruning }
}

function mergeAllPruning(
  left: ReadonlyMap<string, PruningState>,
  right: ReadonlyMap<string, PruningState>,
  wallMs: number,
): ReadonlyMap<string, PruningState> {
  if (left.size === 0 && right.size === 0) return left
  const merged = new Map<string, PruningState>()
  for (const node of new Set([...left.keys(), ...right.keys()])) {
    const [mine, theirs] = [left.get(node), right.get(node)]
    const state = mine && theirs ? mergePruning(mine, theirs) : (mine ?? theirs)
    if (state && !isObsolete(state, wallMs)) merged.set(node, state)
  }
  const isSame =
    merged.size === left.size && [...merged].every(([node, state]) => left.get(node) === state)
  return isSame ? left : merged
}

function cleaned<C extends Crdt<C>>(
  value: C,
  other: C,
  pruning: ReadonlyMap<string, PruningState>,
): C {
  let clean = value
  for (const [node, state] of pruning) {
    if (state.phase === 'performed') clean = withoutPruned(clean, node, other, state.by)
  }
  return clean
}

/**
 * What changed in a value, with the pruned nodes that the change holds a part of under other dots: its own where this node
 * stands in for them, or those of another one, which a client passed on.
 */
export function changeOf<C extends Crdt<C>>(change: C, { pruning }: Envelope<C>): Envelope<C> {
  if (pruning.size === 0) return envelopeOf(change)
  const { context } = change.body.state
  const performed = [...pruning].filter(
    ([, state]) => state.phase === 'performed' && context.highest(state.by.node) >= state.by.from,
  )
  return { value: change, pruning: new Map(performed) }
}

/**
 * Whether a change has a part of who stands in for a node that is still in the value itself: joined, what that node did
 * would count twice, and left out, it would be missing. The whole value has to come first.
 */
export function isAheadOf<C extends Crdt<C>>({ pruning }: Envelope<C>, value: C): boolean {
  if (pruning.size === 0) return false
  const here = modifiedBy(value)
  return [...pruning].some(([node, { phase }]) => phase === 'performed' && here.includes(node))
}

/** Whether the removed node is in the value, and nobody in `nodes` has begun to prune it. */
export function needsPruning<C extends Crdt<C>>(
  { value, pruning }: Envelope<C>,
  removed: string,
  isNode: (node: string) => boolean,
): boolean {
  const state = pruning.get(removed)
  const isOrphan = state?.phase === 'initialized' && !isNode(state.owner)
  return (state === undefined || isOrphan) && modifiedBy(value).includes(removed)
}

/** The owner announces that it will stand in for a removed node. */
export function beginPruning<C>(
  envelope: Envelope<C>,
  removed: string,
  owner: string,
): Envelope<C> {
  return withPruning(envelope, removed, { phase: 'initialized', owner, seen: [] })
}

/** A node has joined what it has with what the owners have. The same instance where there is nothing to say. */
export function addSeen<C>(envelope: Envelope<C>, node: string): Envelope<C> {
  let after = envelope
  for (const [removed, state] of envelope.pruning) {
    if (state.phase !== 'initialized' || state.owner === node || state.seen.includes(node)) continue
    const seen = [...state.seen, node].toSorted()
    after = withPruning(after, removed, { ...state, seen })
  }
  return after
}

/** The owner stands in for the removed node from now on. */
export function performPruning<C extends Crdt<C>>(
  envelope: Envelope<C>,
  removed: string,
  replica: Replica,
  obsoleteAtMs: number,
): Envelope<C> {
  const value = pruned(envelope.value, removed, replica)
  const by = standIn(envelope.value, value, removed, replica.node)
  return withPruning({ ...envelope, value }, removed, { phase: 'performed', obsoleteAtMs, by })
}

/** What is over long enough is forgotten. */
export function withoutObsolete<C>(envelope: Envelope<C>, wallMs: number): Envelope<C> {
  const pruning = [...envelope.pruning].filter(([, state]) => !isObsolete(state, wallMs))
  return pruning.length === envelope.pruning.size
    ? envelope
    : { ...envelope, pruning: new Map(pruning) }
}

/** The beginnings of owners that are gone themselves are taken back. */
export function withoutOrphans<C>(
  envelope: Envelope<C>,
  isNode: (node: string) => boolean,
): Envelope<C> {
  const pruning = [...envelope.pruning].filter(
    ([, state]) => state.phase === 'performed' || isNode(state.owner),
  )
  return pruning.length === envelope.pruning.size
    ? envelope
    : { ...envelope, pruning: new Map(pruning) }
}

/** With how far a removed node got, whatever was known before. */
export function withPruning<C>(
  envelope: Envelope<C>,
  removed: string,
  state: PruningState,
): Envelope<C> {
  return { ...envelope, pruning: new Map(envelope.pruning).set(removed, state) }
}
