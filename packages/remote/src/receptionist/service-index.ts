// Who offers what, as the cluster's registry says, by name: looked up at every message, so that it is
// sorted out once for each change.
import type { ClusterState, NodeIdentity } from '@casty/membership'
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
  #offers: ReadonlyMap<string, readonly ServiceOffer[]> = new Map()
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
    if (seen && saysTheSame(seen, state)) return // Shards move more often than services.
    const before = this.#offers
    const after = offersOf(state, this.#prefix)
    const changed: string[] = []
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      const former = before.get(name) ?? none
      if (isSame(former, after.get(name) ?? none)) after.set(name, former)
      else changed.push(name)
    }
    this.#offers = after
    for (const name of changed) this.#changed(name)
  }
}

function saysTheSame(before: ClusterState, after: ClusterState): boolean {
  return (
    before.registry === after.registry &&
    before.members === after.members &&
    before.unreachable === after.unreachable
  )
}

function offersOf(state: ClusterState, prefix: string): Map<string, readonly ServiceOffer[]> {
  const offers = new Map<string, ServiceOffer[]>()
  for (const { key, node, path } of state.services) {
    const member = state.membersByKey.get(node.key)
    if (!key.startsWith(prefix) || !member || member.status === 'down') continue
    const offer = { node, path, isReachable: !state.unreachable.has(node.key) }
    const name = key.slice(prefix.length)
    const known = offers.get(name)
    if (known) known.push(offer)
    else offers.set(name, [offer])
  }
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
