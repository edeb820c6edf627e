import { byAge, type Cluster, type NodeIdentity } from '@casty/membership'
import type { ReplicatorEvent } from './core/events.ts'

/** Members in these states hold values. */
const holding: readonly string[] = ['weakly-up', 'up', 'leaving']

/** The members of a cluster that hold values, as of when they were asked for last. */
export class HoldingMembers {
  readonly #cluster: Cluster
  #nodes: ReadonlyMap<string, NodeIdentity> = new Map()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  node(key: string): NodeIdentity | undefined {
    return this.#nodes.get(key)
  }

  /** Those in reach now. */
  get reachable(): ReadonlySet<string> {
    const { unreachable } = this.#cluster.getState()
    const out = new Set<string>(unreachable)
    return new Set([...this.#nodes.keys()].filter((key) => !out.has(key)))
  }

  /** Looks who is there: the oldest one in reach prunes. @param removed - members that are gone for good */
  change(removed: readonly string[]): ReplicatorEvent & { readonly type: 'members-changed' } {
    const self = this.#cluster.self.key
    const { members } = this.#cluster.getState()
    const those = members.filter(({ status }) => holding.includes(status))
    this.#nodes = new Map(those.map((member) => [member.key, member.node]))
    const { reachable } = this
    const inReach = those.filter(({ key }) => key === self || reachable.has(key))
    const [oldest] = inReach.toSorted(byAge)
    return {
      type: 'members-changed',
      nodes: [...this.#nodes.keys()].filter((key) => key !== self).toSorted(),
      reachable,
      removed,
      prunes: oldest?.key === self,
    }
  }
}
