import { comparePayloads, type Payload } from './payload.ts'

/** One event: the `counter`-th that `node` made. No node makes two with one counter. */
export interface Dot {
  readonly node: string
  readonly counter: number
}

/** The dot of one node in a leaf, and what hangs on it. */
export interface Stamp {
  readonly counter: number
  readonly payload: Payload
}

/**
 * The dots that stand for one thing, one per node at most: whoever changes the thing replaces what it has
 * seen of it with one dot of its own, so several are concurrent changes. Never empty.
 *
 * With payloads it is a function of dots, without a set of dots (Almeida et al. 2018, §7.2).
 */
export interface Leaf {
  readonly type: 'leaf'
  readonly dots: ReadonlyMap<string, Stamp>
}

/** A map of dots: what is below each key is there as long as it holds a dot. Never empty. */
export interface Branch {
  readonly type: 'branch'
  readonly entries: ReadonlyMap<string, DotStore>
}

/** What is there, with the dots of the events that put it there. `undefined` stands for nothing. */
export type DotStore = Leaf | Branch

/** A leaf with one dot. */
export function leafOf(node: string, counter: number, payload: Payload): Leaf {
  return { type: 'leaf', dots: new Map([[node, { counter, payload }]]) }
}

/** A branch of what is there; nothing where nothing is. */
export function branchOf(
  entries: Iterable<readonly [key: string, store: DotStore | undefined]>,
): Branch | undefined {
  const present = new Map<string, DotStore>()
  for (const [key, store] of entries) if (store !== undefined) present.set(key, store)
  return present.size === 0 ? undefined : { type: 'branch', entries: present }
}

/** The dots of a leaf; none where there is nothing. */
export function stampsOf(store: DotStore | undefined): ReadonlyMap<string, Stamp> {
  return store?.type === 'leaf' ? store.dots : noStamps
}

/** What is below the keys of a branch; nothing where there is nothing. */
export function entriesOf(store: DotStore | undefined): ReadonlyMap<string, DotStore> {
  return store?.type === 'branch' ? store.entries : noEntries
}

const noStamps: ReadonlyMap<string, Stamp> = new Map()
const noEntries: ReadonlyMap<string, DotStore> = new Map()

/** Every dot in a store. */
export function* dotsOf(store: DotStore | undefined): Generator<Dot> {
  if (store === undefined) return
  if (store.type === 'branch') for (const below of store.entries.values()) yield* dotsOf(below)
  else for (const [node, { counter }] of store.dots) yield { node, counter }
}

/** Whether both hold the same dots with the same payloads at the same places. */
export function equalStores(left: DotStore | undefined, right: DotStore | undefined): boolean {
  if (left === right) return true
  if (left === undefined || right === undefined) return false
  if (left.type === 'branch') {
    if (right.type !== 'branch' || left.entries.size !== right.entries.size) return false
    return [...left.entries].every(([key, below]) => equalStores(below, right.entries.get(key)))
  }
  if (right.type !== 'leaf' || left.dots.size !== right.dots.size) return false
  return [...left.dots].every(([node, stamp]) => {
    const other = right.dots.get(node)
    return other?.counter === stamp.counter && comparePayloads(stamp.payload, other.payload) === 0
  })
}
