// Who offers what, as the cluster's registry says, by name: looked up at every message, so that it is
// sorted out once for each change, and of a change only what changed: there may be thousands.
import type { ClusterState, NodeIdentity, RegistryRow } from '@casty/membership'
import type { ClusterView } from '../cluster-view.ts'

/** A path that a node offers. */
export interface ServiceOffer {
  readonly node: NodeIdentity
  readonly path: string
  readonly isReachable: boolean
}

const none: readonly ServiceOffer[] = []

/** Offers of services whose keys begin with `prefix`, by the rest of their keys. */
export class ServiceIndex implements Disposable {
  readonly #prefix: string
  readonly #changed: (name: string) => void
  #offers = new Map<string, readonly ServiceOffer[]>()
  #seen: ClusterState | undefined
  readonly #subscription: Disposable

  /** @param changed - called with each name of which the offers are other than before */
  constructor(cluster: ClusterView, prefix: string, changed: (name: string) => void) {
    this.#prefix = prefix
    this.#changed = changed
    this.#subscription = cluster.subscribeTopology(() => this.#update(cluster.getState()))
  }

  /** In the order of nodes, and then of paths; the same instance until it changes. */
  find(name: string): readonly ServiceOffer[] {
    return this.#offers.get(name) ?? none
  }

  /** All names, with who offers them. */
  get all(): ReadonlyMap<string, readonly ServiceOffer[]> {
    return this.#offers
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }

  #update(state: ClusterState): void {
    const seen = this.#seen
    this.#seen = state
    const isAlike = seen?.members === state.members && seen.unreachable === state.unreachable
    const changed = seen && isAlike ? this.#take(seen, state) : this.#takeAll(state)
    for (const name of changed) this.#changed(name)
  }

  /** Where members are who they were. @returns names of which the offers are other than before */
  #take(before: ClusterState, after: ClusterState): readonly string[] {
    const former = before.registry.rows
    const { rows } = after.registry
    if (former === rows) return [] // Shards move more often than services.
    const names = new Set<string>()
    for (const key of new Set([...former.keys(), ...rows.keys()])) {
      const row = rows.get(key) ?? former.get(key)
      if (!row || rows.get(key) === former.get(key) || !isOffering(after, row)) continue
      const changes = changesOf(former.get(key)?.services, rows.get(key)?.services, this.#prefix)
      const isReachable = !after.unreachable.has(key)
      for (const [name, change] of changes) {
        names.add(name)
        this.#become(name, changed(this.find(name), row.node, change, isReachable))
      }
    }
    return [...names]
  }

  #become(name: string, offers: readonly ServiceOffer[]): void {
    if (offers.length === 0) this.#offers.delete(name)
    else this.#offers.set(name, offers)
  }

  #takeAll(state: ClusterState): readonly string[] {
    const before = this.#offers
    const after = offersOf(state, this.#prefix)
    const names: string[] = []
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const former = before.get(name) ?? none
      if (isSame(former, after.get(name) ?? none)) after.set(name, former)
      else names.push(name)
    }
    this.#offers = after
    return names
  }
}

type Services = RegistryRow['services']

/** What one node offers more and less of one name, by paths. */
interface Change {
  readonly gone: Set<string>
  readonly come: Set<string>
}

function changesOf(
  before: Services = [],
  after: Services = [],
  prefix: string,
): ReadonlyMap<string, Change> {
  // What comes is added behind the rest.
  let same = 0
  while (same < before.length && isSameService(before[same], after[same])) same++
  const changes = new Map<string, Change>()
  const of = (key: string): Change => {
    const name = key.slice(prefix.length)
    const known = changes.get(name) ?? { gone: new Set(), come: new Set() }
    changes.set(name, known)
    return known
  }
  for (const { key, path } of after.slice(same)) if (key.startsWith(prefix)) of(key).come.add(path)
  for (const { key, path } of before.slice(same)) {
    if (key.startsWith(prefix) && !of(key).come.delete(path)) of(key).gone.add(path)
  }
  for (const [name, { gone, come }] of changes) {
    if (gone.size + come.size === 0) changes.delete(name)
  }
  return changes
}

function isSameService(
  left: Services[number] | undefined,
  right: Services[number] | undefined,
): boolean {
  return left === right || (left?.key === right?.key && left?.path === right?.path)
}

function changed(
  offers: readonly ServiceOffer[],
  node: NodeIdentity,
  { gone, come }: Change,
  isReachable: boolean,
): readonly ServiceOffer[] {
  const kept = offers.filter((offer) => offer.node.key !== node.key || !gone.has(offer.path))
  const added = [...come].map((path) => ({ node, path, isReachable }))
  return [...kept, ...added].toSorted(byNodeAndPath)
}

function byNodeAndPath(left: ServiceOffer, right: ServiceOffer): number {
  return order(left.node.key, right.node.key) || order(left.path, right.path)
}

/** By code unit, as on every node. */
function order(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1
}

function isOffering(state: ClusterState, { node }: RegistryRow): boolean {
  const member = state.membersByKey.get(node.key)
  return member !== undefined && member.status !== 'down'
}

function offersOf(state: ClusterState, prefix: string): Map<string, readonly ServiceOffer[]> {
  const offers = new Map<string, ServiceOffer[]>()
  for (const row of state.registry.rows.values()) {
    if (!isOffering(state, row)) continue
    const { node, services } = row
    const isReachable = !state.unreachable.has(node.key)
    for (const { key, path } of services) {
      if (!key.startsWith(prefix)) continue
      const name = key.slice(prefix.length)
      const known = offers.get(name)
      if (known) known.push({ node, path, isReachable })
      else offers.set(name, [{ node, path, isReachable }])
    }
  }
  for (const [name, all] of offers) offers.set(name, all.toSorted(byNodeAndPath))
  return offers
}

function isSame(left: readonly ServiceOffer[], right: readonly ServiceOffer[]): boolean {
  if (left.length !== right.length) return false
  return left.every((offer, at) => {
    const other = right[at]
    return (
      offer.node.key === other?.node.key &&
      offer.path === other.path &&
      offer.isReachable === other.isReachable
    )
  })
}
