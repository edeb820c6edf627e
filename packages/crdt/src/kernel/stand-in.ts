// Which dots took the place of those of a removed node, when it was pruned: so that what others had taken out, before they knew
// of that, stays out.
import { entriesOf, stampsOf, type DotStore, type Stamp } from './dot-store.ts'
import type { Causal } from './join.ts'
import { forget } from './prune.ts'
import { joinRanges, rangesBelow, type Ranges } from './ranges.ts'

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
  /** Those that these replaced, by their place among them: where they are many, the newest 256, and not the older ones. */
  readonly own: ReadonlyMap<number, number>
  /** What had been seen of the removed node. */
  readonly seen: Ranges
}

/** Every change of the one that stands in carries their numbers. */
const maxOwn = 256

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
  const oldest = replaced.toSorted((left, right) => right - left)[maxOwn - 1] ?? 0
  const own = new Map([...replaced.entries()].filter(([, counter]) => counter >= oldest))
  return { node, from, alone, both, own, seen: before.context.rangesOf(removed) }
}

/**
 * Forgets a removed node, and takes with it whatever stands in, in `pruned`, for what was taken out here while this was
 * not known yet: where all is known here that was pruned, what is not here any more was taken out.
 */
export function forgetPruned(state: Causal, removed: string, pruned: Causal, by: StandIn): Causal {
  const { context } = state
  const after = forget(state, removed)
  if (after === state || !covers(context.rangesOf(removed), by.seen)) return after
  const oldest = [...by.own.values()].reduce((least, own) => Math.min(least, own), by.from)
  const older = rangesBelow(pruned.context.rangesOf(by.node), oldest)
  const knowsOlder = covers(context.rangesOf(by.node), older)
  const knows = (own: number | undefined): boolean =>
    own === undefined ? knowsOlder : context.covers(by.node, own)
  const wasTakenOut = (counter: number, here: ReadonlyMap<string, Stamp>): boolean => {
    const place = counter - by.from
    if (place < 0 || place >= by.alone + by.both || here.has(removed)) return false
    return place < by.alone || (!here.has(by.node) && knows(by.own.get(place - by.alone)))
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
