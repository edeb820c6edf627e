import type { Endpoint, NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { DelayedCalls } from './delayed-calls.ts'
import { Evictions } from './evictions.ts'
import { holdersOf } from './holders.ts'

/** Whoever is evicted is told so by all as they cut it off, before it could hear only that it was downed. */
const downEvictedAfterMs = 2_000

export interface EvictionFollowerParts {
  readonly endpoint: Pick<Endpoint, 'self' | 'forbid' | 'isConnected' | 'connect'>
  readonly delayed: Pick<DelayedCalls, 'after'>
  /** As it is now. */
  cluster(): ClusterState
  /** Members that show a certificate which is forbidden. */
  down(nodes: readonly NodeIdentity[]): void
}

/** Has an endpoint refuse whom the cluster has evicted: each once. */
export class EvictionFollower {
  readonly #parts: EvictionFollowerParts
  #applied: Evictions = Evictions.empty

  constructor(parts: EvictionFollowerParts) {
    this.#parts = parts
  }

  follow({ evictions }: ClusterState): void {
    if (evictions === this.#applied) return
    const { endpoint, delayed } = this.#parts
    for (const entry of evictions.entries) {
      // Its own address: then this node is downed, and stops.
      const isOwn = 'address' in entry && entry.address.equals(endpoint.self.address)
      if (isOwn || this.#applied.has(entry)) continue
      const nodes = endpoint.forbid(entry)
      if ('address' in entry || nodes.length === 0) continue
      // Whoever shows a certificate is known to those alone who are connected with it: they down it.
      delayed.after(downEvictedAfterMs, () => void this.#downHolders(nodes))
    }
    this.#applied = evictions
  }

  /** Downs those of the members who showed a forbidden certificate that show no other by now. */
  async #downHolders(shown: readonly NodeIdentity[]): Promise<void> {
    const members = shown.filter((node) => this.#parts.cluster().member(node))
    const nodes = await holdersOf(this.#parts.endpoint, members)
    if (nodes.length > 0) this.#parts.down(nodes)
  }
}
