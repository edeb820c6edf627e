// The nodes that can be given shards of one type, with what they have or are about to get.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { includesNode, placeOf, sameNode } from '../table/shard-row.ts'
import type { TypeTable } from '../table/shard-table.ts'
import type { Situation } from './situation.ts'
import type { Host } from './strategy.ts'

interface Load extends Host {
  readonly shards: number[]
  total: number
}

/** Mutable, and of one plan: it follows what the plan changes. */
export class HostLoads {
  readonly #typeName: string
  readonly #situation: Situation
  /** By address. */
  readonly #loads: readonly Load[]
  readonly #byKey: ReadonlyMap<NodeKey, Load>

  /** @param totals - of shards of all types, by node */
  constructor(
    { settings: { name }, rows }: TypeTable,
    situation: Situation,
    totals: ReadonlyMap<NodeKey, number>,
  ) {
    this.#typeName = name
    this.#situation = situation
    this.#loads = situation.view
      .filter(({ node, status, isReachable }) => {
        return status === 'up' && isReachable && situation.canRun(node.key, name) === true
      })
      .map(({ node, upNumber = Infinity }) => {
        return { node, upNumber, shards: [], total: totals.get(node.key) ?? 0 }
      })
    this.#byKey = new Map(this.#loads.map((load) => [load.node.key, load]))
    for (const [shard, row] of rows.entries()) {
      const place = placeOf(row)
      if (place) this.#byKey.get(place.key)?.shards.push(shard)
    }
  }

  /** In the order of their addresses. */
  get hosts(): readonly Host[] {
    return this.#loads
  }

  has(node: NodeIdentity): boolean {
    return this.#byKey.has(node.key)
  }

  /** It, where it can be given shards. */
  viable(node: NodeIdentity | undefined): NodeIdentity | undefined {
    return node && this.has(node) ? node : undefined
  }

  /** @param except - who must not get it */
  pick(shard: number, except?: NodeIdentity): NodeIdentity | undefined {
    if (!this.#situation.isGathered(this.#typeName)) return undefined
    return this.#allocate(shard, (node) => !sameNode(node, except))
  }

  /** One of some nodes, where they can be given shards. */
  pickOf(shard: number, nodes: readonly NodeIdentity[]): NodeIdentity | undefined {
    return this.#allocate(shard, (node) => includesNode(nodes, node))
  }

  #allocate(shard: number, isMeant: (node: NodeIdentity) => boolean): NodeIdentity | undefined {
    const hosts = this.#loads.filter(({ node }) => isMeant(node))
    if (hosts.length === 0) return undefined
    return this.viable(this.#situation.strategy.allocate(this.#typeName, shard, hosts))
  }

  /** A shard has another place than before. */
  move(shard: number, from: NodeIdentity | undefined, to: NodeIdentity | undefined): void {
    if (sameNode(from, to)) return
    const left = from && this.#byKey.get(from.key)
    if (left) {
      left.shards.splice(left.shards.indexOf(shard), 1)
      left.total--
    }
    const joined = to && this.#byKey.get(to.key)
    if (!joined) return
    joined.shards.push(shard)
    joined.total++
  }
}
