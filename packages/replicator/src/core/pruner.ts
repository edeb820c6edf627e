import { modifiedBy, type Replica } from '@casty/crdt'
import { isClientName } from '../clients/client-names.ts'
import type { AnyValue } from '../any-value.ts'
import {
  beginPruning,
  needsPruning,
  performPruning,
  withoutObsolete,
  withoutOrphans,
  type Envelope,
} from './envelope.ts'
import type { CoreSettings } from './events.ts'
import type { KeyTable } from './key-table.ts'

/** Removed nodes are looked for in all values; more than these at a time have to wait. */
const maxRemoved = 1_000
/** Names of clients of which it is known when they were there last; more than these are not pruned until some are. */
const maxClientNames = 10_000

/**
 * Gets removed nodes out of the values that they changed. One node, the oldest, owns that: it begins once what the
 * removed node last sent has come to everybody, and performs it when every other node has seen that it began.
 *
 * Of a key that is kept somebody may come back with more that the removed node said: whoever stands in for it would
 * not have that, and it would be left out. So these wait until what was kept is too old to be taken up again.
 */
export class Pruner {
  readonly #settings: CoreSettings
  readonly #replica: Replica
  readonly #removedAtMs = new Map<string, number>()
  /** Names of clients that changed values, and when they were there last: they are pruned where that is long ago. */
  readonly #clientSeenAtMs = new Map<string, number>()
  #nodes: readonly string[] = []
  #owns = false
  #nextSearchMs = 0

  constructor(settings: CoreSettings, replica: Replica) {
    this.#settings = settings
    this.#replica = replica
  }

  get removed(): readonly string[] {
    return [...this.#removedAtMs.keys()]
  }

  membersChanged(
    nodes: readonly string[],
    removed: readonly string[],
    owns: boolean,
    nowMs: number,
  ): void {
    this.#nodes = nodes
    this.#owns = owns
    for (const node of removed) this.#note(node, nowMs)
    for (const node of nodes) this.#removedAtMs.delete(node)
  }

  /** Clients that changed values under these names are there. */
  clientsSeen(names: readonly string[], nowMs: number): void {
    for (const name of names) this.#noteClient(name, nowMs)
  }

  #noteClient(name: string, nowMs: number): void {
    const isRoom = this.#clientSeenAtMs.size < maxClientNames || this.#clientSeenAtMs.has(name)
    if (isRoom && isClientName(name)) this.#clientSeenAtMs.set(name, nowMs)
  }

  #note(node: string, nowMs: number): void {
    if (this.#removedAtMs.size < maxRemoved && !this.#removedAtMs.has(node))
      this.#removedAtMs.set(node, nowMs)
  }

  /**
   * Nodes that changed values and are no members: they were removed before this node came, or are about to become
   * members, which takes less than the delay of pruning.
   */
  #search(table: KeyTable, nowMs: number): void {
    if (nowMs < this.#nextSearchMs) return
    this.#nextSearchMs = nowMs + this.#settings.pruningDelayMs
    const known = new Set([this.#settings.self, ...this.#nodes])
    for (const [, { envelope, emptySinceMs }] of table.entries()) {
      if (emptySinceMs !== undefined) continue
      for (const node of modifiedBy(envelope.value)) {
        if (known.has(node)) continue
        if (!isClientName(node)) this.#note(node, nowMs)
        else if (!this.#clientSeenAtMs.has(node)) this.#noteClient(node, nowMs)
      }
    }
  }

  /** One pass over all values, at every exchange of digests. */
  tidy(table: KeyTable, nowMs: number, wallMs: number): void {
    const { forgetEmptyAfterMs } = this.#settings
    this.#search(table, nowMs)
    const { isKept, pruningMarkerMs } = this.#settings
    const ripe = this.#ripe(nowMs)
    const ripeWhereKept = this.#ripe(nowMs - pruningMarkerMs)
    const stillThere = new Set<string>()
    for (const [key, { envelope, emptySinceMs }] of table.entries()) {
      if (emptySinceMs !== undefined) {
        if (emptySinceMs + forgetEmptyAfterMs <= nowMs) table.delete(key)
        continue
      }
      if (ripe.size === 0 && envelope.pruning.size === 0) continue
      const after = this.#tidied(envelope, isKept(key) ? ripeWhereKept : ripe, wallMs)
      if (after !== envelope) table.set(key, after, nowMs)
      for (const node of after.pruning.keys()) stillThere.add(node)
      for (const node of modifiedBy(after.value)) stillThere.add(node)
    }
    this.#forgetDone(ripe, stillThere, nowMs)
  }

  /** Who was gone for long enough by then. */
  #ripe(nowMs: number): ReadonlySet<string> {
    const { pruningDelayMs, clientNameMs } = this.#settings
    return new Set([
      ...longAgo(this.#removedAtMs, nowMs - pruningDelayMs),
      ...longAgo(this.#clientSeenAtMs, nowMs - clientNameMs),
    ])
  }

  #tidied(
    envelope: Envelope<AnyValue>,
    ripe: ReadonlySet<string>,
    wallMs: number,
  ): Envelope<AnyValue> {
    const { self, pruningMarkerMs } = this.#settings
    const isNode = (node: string): boolean => node === self || this.#nodes.includes(node)
    let after = withoutOrphans(withoutObsolete(envelope, wallMs), isNode)
    for (const node of this.#owns && ripe.size > 0 ? modifiedBy(after.value) : []) {
      if (ripe.has(node) && needsPruning(after, node, isNode))
        after = beginPruning(after, node, self)
    }
    for (const [removed, state] of after.pruning) {
      if (state.phase !== 'initialized' || state.owner !== self) continue
      if (this.#nodes.every((node) => state.seen.includes(node))) {
        after = performPruning(after, removed, this.#replica, wallMs + pruningMarkerMs)
      }
    }
    return after
  }

  /** A node that is in no value any more, for as long as a value with it could still come. */
  #forgetDone(ripe: ReadonlySet<string>, stillThere: ReadonlySet<string>, nowMs: number): void {
    for (const node of ripe) {
      const removedAtMs = this.#removedAtMs.get(node) ?? nowMs
      const { pruningDelayMs, pruningMarkerMs } = this.#settings
      const isOver = removedAtMs + pruningDelayMs + pruningMarkerMs <= nowMs
      if (!stillThere.has(node) && isOver) this.#removedAtMs.delete(node)
      // Whatever still comes under that name is refused, or has it noted again.
      if (!stillThere.has(node)) this.#clientSeenAtMs.delete(node)
    }
  }
}

function longAgo(byName: ReadonlyMap<string, number>, untilMs: number): readonly string[] {
  return [...byName].filter(([, atMs]) => atMs <= untilMs).map(([name]) => name)
}
