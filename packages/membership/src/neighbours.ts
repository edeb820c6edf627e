// Whom a node of a large data center talks to. Everybody talks to everybody in a small one; above, each
// node has its neighbours on two rings: on the one on which members watch each other, as many on
// either side as watch, and the next ones on a second ring of another order. The first costs no
// connection, for those are kept for heartbeats anyway; the second makes the world small: with five
// watchers news passes 3,000 nodes in six steps, over twelve connections per node.
//
// See Watts & Strogatz, "Collective dynamics of 'small-world' networks", Nature 1998; Bollobás &
// Chung, "The diameter of a cycle plus a random matching", 1988.
import type { NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { DataCenter } from './data-centers.ts'
import { byAddress, type Member } from './member.ts'

/** Up to so many members of a data center everybody talks to everybody. */
const mostInFullMesh = 20
/** Neighbours on either side of the second ring. */
const shortcuts = 1

/**
 * Whom `self` tells what it knows, by address: members of its own data center. Whoever is unreachable
 * comes along, and another one after it, so that a node keeps as many neighbours as it needs.
 */
export function neighboursOf(cluster: ClusterState, self: NodeKey): readonly Member[] {
  const own = cluster.membersByKey.get(self)?.dataCenter
  const home = own === undefined ? undefined : cluster.dataCenters.get(own)
  if (!home) return []
  if (home.members.length <= mostInFullMesh) return home.members
  const { neighbours } = cluster.derived.verdicts
  const known = neighbours.get(self)
  if (known) return known
  const found = onRings(cluster, home, self)
  neighbours.set(self, found)
  return found
}

function onRings(cluster: ClusterState, home: DataCenter, self: NodeKey): readonly Member[] {
  const found = new Set<NodeKey>()
  for (const [ring, count] of [
    [home.watchRing, cluster.monitoredBy],
    [home.shortcutRing, shortcuts],
  ] as const) {
    const at = ring.indexOf(self)
    walk(ring, at < 0 ? 0 : at, 1, count, cluster, found)
    walk(ring, at < 0 ? 0 : at, -1, count, cluster, found)
  }
  found.delete(self)
  return [...found].flatMap((key) => home.membersByKey.get(key) ?? []).toSorted(byAddress)
}

function walk(
  ring: readonly NodeKey[],
  from: number,
  direction: 1 | -1,
  count: number,
  { unreachable }: ClusterState,
  found: Set<NodeKey>,
): void {
  let reached = 0
  for (let step = 1; step < ring.length && reached < count; step++) {
    const key = ring[(from + direction * step + ring.length * step) % ring.length]
    if (key === undefined) return
    found.add(key)
    if (!unreachable.has(key)) reached++
  }
}
