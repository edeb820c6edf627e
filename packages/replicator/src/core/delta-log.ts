import { merge, type Crdt } from '@casty/crdt'

/** Deltas of one key for one node, joined: those of the versions `from` to `to`. */
export interface Propagation<C> {
  readonly delta: C
  readonly from: number
  readonly to: number
}

interface KeyLog<C> {
  version: number
  /** In order of their versions. */
  entries: readonly Propagation<C>[]
  readonly sentTo: Map<string, number>
}

/** How many deltas of a key are kept apart; older ones are joined. */
const maxEntries = 32

/**
 * To how many nodes deltas go in one round: some of them in turn, so that all have them after a few rounds,
 * which are far more frequent than the exchange of digests.
 */
export function sliceSizeOf(nodes: number, divisor: number): number {
  return Math.min(Math.max(Math.floor(nodes / divisor) + 1, 2), Math.min(nodes, 10))
}

/**
 * What this node changed lately, by key, and which other node was told how much of it. What everybody was told
 * is forgotten; what a node was not told arrives by digests.
 */
export class DeltaLog<C extends Crdt<C>> {
  readonly #keys = new Map<string, KeyLog<C>>()
  #turn = 0

  get isEmpty(): boolean {
    return this.#keys.size === 0
  }

  hasEntries(key: string): boolean {
    return (this.#keys.get(key)?.entries.length ?? 0) > 0
  }

  /** The number of the last change of a key that is still kept; 0 where there is none. */
  currentVersion(key: string): number {
    return this.#keys.get(key)?.version ?? 0
  }

  add(key: string, delta: C): void {
    const log = this.#keys.get(key) ?? { version: 0, entries: [], sentTo: new Map() }
    log.version++
    log.entries = shortened([...log.entries, { delta, from: log.version, to: log.version }])
    this.#keys.set(key, log)
  }

  /**
   * What the next few nodes, in turn, have not been told.
   *
   * @param nodes - the others, in an order that stays
   */
  collect(
    nodes: readonly string[],
    sliceSize: number,
  ): ReadonlyMap<string, ReadonlyMap<string, Propagation<C>>> {
    const collected = new Map<string, Map<string, Propagation<C>>>()
    for (const node of this.#slice(nodes, sliceSize)) {
      const untold = new Map<string, Propagation<C>>()
      for (const [key, log] of this.#keys) {
        const joined = joinedAfter(log.entries, log.sentTo.get(node) ?? 0)
        if (joined === undefined) continue
        untold.set(key, joined)
        log.sentTo.set(node, joined.to)
      }
      if (untold.size > 0) collected.set(node, untold)
    }
    return collected
  }

  #slice(nodes: readonly string[], sliceSize: number): readonly string[] {
    if (nodes.length <= sliceSize) return nodes
    const first = this.#turn % nodes.length
    this.#turn = first + sliceSize
    return [...nodes.slice(first), ...nodes.slice(0, first)].slice(0, sliceSize)
  }

  /** Forgets what each of these nodes was told, and other nodes altogether. */
  forgetTold(nodes: readonly string[]): void {
    for (const [key, log] of this.#keys) {
      for (const node of log.sentTo.keys()) if (!nodes.includes(node)) log.sentTo.delete(node)
      const told = nodes.map((node) => log.sentTo.get(node) ?? 0)
      const toldAll = nodes.length === 0 ? log.version : Math.min(...told)
      log.entries = log.entries.filter(({ to }) => to > toldAll)
      if (log.entries.length === 0) this.#keys.delete(key)
    }
  }
}

/** Old deltas are joined where there are many. */
function shortened<C extends Crdt<C>>(
  entries: readonly Propagation<C>[],
): readonly Propagation<C>[] {
  const [first, second, ...rest] = entries
  if (entries.length <= maxEntries || !first || !second) return entries
  const delta = merge(first.delta, second.delta)
  return [{ delta, from: first.from, to: second.to }, ...rest]
}

function joinedAfter<C extends Crdt<C>>(
  entries: readonly Propagation<C>[],
  told: number,
): Propagation<C> | undefined {
  const [first, ...rest] = entries.filter(({ to }) => to > told)
  if (first === undefined) return undefined
  return rest.reduce<Propagation<C>>(
    (joined, { delta, to }) => ({ delta: merge(joined.delta, delta), from: joined.from, to }),
    first,
  )
}
