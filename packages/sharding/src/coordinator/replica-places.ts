// Which nodes keep copies of a shard beside its owner.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { maxReplicas } from '../codec-limits.ts'
import { includesNode, sameNodes, type ShardRow } from '../table/shard-row.ts'

/** What is to be known of nodes that may keep copies. */
export interface Keepers {
  /** How many are to keep them. */
  readonly wanted: number
  /** Whether it is there, and so has what it had. */
  isKept(node: NodeIdentity): boolean
  /** Whether it is there to stay, so that it may be one of those that are to keep copies. */
  stays(node: NodeIdentity, shard: number): boolean
  /** Those that need not be kept any more. */
  superfluous(shard: number): readonly NodeIdentity[]
}

/**
 * Fills up the replicas of shards that have an owner, from hosts with the fewest copies. Who keeps some already goes on,
 * for as long as it stays and is not the owner. Behind these, whoever else has copies is kept until it is known that nothing is
 * with it alone: what was confirmed may have been confirmed by it.
 *
 * @returns the rows whose replicas change
 */
export function planReplicas(
  rows: readonly ShardRow[],
  hosts: readonly { readonly node: NodeIdentity }[],
  keepers: Keepers,
): ReadonlyMap<number, readonly NodeIdentity[]> {
  const copies = new Map<NodeKey, number>(hosts.map(({ node }) => [node.key, 0]))
  for (const { replicas } of rows) for (const { key } of replicas) count(copies, key)
  const planned = new Map<number, readonly NodeIdentity[]>()
  for (const [shard, row] of rows.entries()) {
    const { owner } = row
    if (!owner) continue
    const kept = row.replicas.filter((node) => node.key !== owner.key && keepers.isKept(node))
    const wanted = kept.filter((node) => keepers.stays(node, shard)).slice(0, keepers.wanted)
    const lacking = Math.min(keepers.wanted - wanted.length, hosts.length)
    const added = lacking > 0 ? fewest(hosts, copies, [owner, ...wanted], lacking) : []
    const places = [...wanted, ...added]
    // Whoever told did not know of those that are added.
    const gone = added.length === 0 ? keepers.superfluous(shard) : []
    const former = kept.filter((node) => !includesNode(places, node) && !includesNode(gone, node))
    const replicas = [...places, ...former].slice(0, maxReplicas)
    if (sameNodes(replicas, row.replicas)) continue
    for (const { key } of added) count(copies, key)
    planned.set(shard, replicas)
  }
  return planned
}

/** Hosts with the fewest copies, other than some. */
function fewest(
  hosts: readonly { readonly node: NodeIdentity }[],
  copies: ReadonlyMap<NodeKey, number>,
  except: readonly NodeIdentity[],
  most: number,
): readonly NodeIdentity[] {
  return hosts
    .map(({ node }) => node)
    .filter((node) => !includesNode(except, node))
    .toSorted((left, right) => (copies.get(left.key) ?? 0) - (copies.get(right.key) ?? 0))
    .slice(0, most)
}

function count(copies: Map<NodeKey, number>, key: NodeKey): void {
  copies.set(key, (copies.get(key) ?? 0) + 1)
}
