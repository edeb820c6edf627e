// Which nodes keep copies of a shard beside its owner.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { ShardRow } from '../table/shard-row.ts'

/**
 * Fills up the replicas of shards that have an owner, from hosts with the fewest copies. Who keeps one
 * already keeps it, for as long as `isKept` and it is not the owner.
 *
 * @returns the rows whose replicas change
 */
export function planReplicas(
  rows: readonly ShardRow[],
  hosts: readonly { readonly node: NodeIdentity }[],
  wanted: number,
  isKept: (node: NodeKey) => boolean,
): ReadonlyMap<number, readonly NodeIdentity[]> {
  const copies = new Map<NodeKey, number>(hosts.map(({ node }) => [node.key, 0]))
  for (const { replicas } of rows) for (const { key } of replicas) count(copies, key)
  const planned = new Map<number, readonly NodeIdentity[]>()
  for (const [shard, row] of rows.entries()) {
    const { owner } = row
    if (!owner) continue
    const kept = row.replicas.filter(({ key }) => key !== owner.key && isKept(key)).slice(0, wanted)
    const lacking = Math.min(wanted - kept.length, hosts.length)
    const isWhole = lacking <= 0 && kept.length === row.replicas.length
    if (isWhole) continue
    const taken = new Set<NodeKey>([owner.key, ...kept.map(({ key }) => key)])
    const added = hosts
      .map(({ node }) => node)
      .filter(({ key }) => !taken.has(key))
      .toSorted((left, right) => (copies.get(left.key) ?? 0) - (copies.get(right.key) ?? 0))
      .slice(0, Math.max(0, lacking))
    if (added.length === 0 && kept.length === row.replicas.length) continue
    for (const { key } of added) count(copies, key)
    planned.set(shard, [...kept, ...added])
  }
  return planned
}

function count(copies: Map<NodeKey, number>, key: NodeKey): void {
  copies.set(key, (copies.get(key) ?? 0) + 1)
}
