// What only this node itself says of itself, told by somebody else. Others may have believed it: so it is
// not only passed by, but contradicted, by saying what is so again under a count above the one that was
// made up. That is how a suspected member of SWIM refutes, applied to all that members own.
//
// See Das, Gupta & Motivala, "SWIM", DSN 2002, §4.2: only the member itself raises its incarnation.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { Dot } from './dot.ts'
import type { FalseClaim } from './events.ts'
import type { Gossip, GossipRow } from './gossip.ts'
import { LayeredMap } from './layered-map.ts'
import type { MemberStatus } from './member-status.ts'
import type { MembershipEffect, MembershipState } from './membership-state.ts'
import type { Implausible } from './plausibility.ts'
import type { RegistryChanges, RegistryRow } from './registry.ts'

/** Gossip without the row that its receiver wrote itself: nobody tells it what it finds. */
export function withoutOwnRow(gossip: Gossip, self: NodeIdentity): Gossip {
  const rows = gossip.rows.filter(({ observer }) => !observer.equals(self))
  return rows.length === gossip.rows.length ? gossip : { ...gossip, rows }
}

/**
 * Answers what gossip says in this node's name.
 *
 * @param state - before the gossip
 * @param merged - what it makes of the cluster, its row of this node left out
 */
export function contradict(
  { cluster, self, settings, phase }: MembershipState,
  merged: ClusterState,
  gossip: Gossip,
  from: NodeIdentity,
): readonly [ClusterState, readonly MembershipEffect[]] {
  if (merged.member(self) === undefined) return [merged, []] // It is decided that this life is over.
  const claims: MembershipEffect[] = []
  const claim = (kind: FalseClaim['claim'], answer: FalseClaim['answer'], detail: string): void => {
    claims.push(falseClaim(from, { claim: kind, about: self.key, detail }, answer))
  }
  const count = gossip.version.versionOf(self.key)
  const counted = cluster.version.versionOf(self.key)
  if (count > counted) {
    claim('own-count', 'contradicted', `it has made ${counted} changes, not ${count}`)
  }
  const row = gossip.rows.find(({ observer }) => observer.equals(self))
  const isForged = row !== undefined && isNotOurs(cluster, self, row)
  if (isForged) claim('own-row', 'contradicted', 'whom it finds unreachable it says itself')
  const told = gossip.records.find(({ member }) => member.node.equals(self))?.member
  if (told && (told.id !== settings.id || told.roles.join() !== sorted(settings.roles))) {
    claim('own-record', 'noted', `it was told as ${told.id} [${told.roles.join()}]`)
  } else if (told && phase.type === 'member' && isOnItsWayOut(told.status)) {
    claim('own-record', 'noted', `it is ${told.status}, and never asked to leave`)
  }
  if (count <= counted && !isForged) return [merged, claims]
  return [sayAnew(merged, self, isForged ? row : undefined), claims]
}

/** Leaving begins with the member itself. What is decided over it by others is no claim of its own. */
function isOnItsWayOut(status: MemberStatus): boolean {
  return status === 'leaving' || status === 'exiting'
}

function sorted(roles: readonly string[]): string {
  return [...new Set(roles)].toSorted().join()
}

/** Whether a row in our name accuses whom we do not, or is one that we have not come to. */
function isNotOurs(
  { reachability, membersByKey }: ClusterState,
  self: NodeIdentity,
  { row }: GossipRow,
): boolean {
  const own = reachability.versionOf(self.key)
  if (row.version !== own) return row.version > own
  return [...row.records].some(
    ([subject, { status }]) =>
      membersByKey.has(subject as NodeKey) && // Only looked up.
      reachability.statusBetween(self.key, subject) !== status,
  )
}

/** Everything that this node said, again, by a change above all that was said in its name. */
function sayAnew(cluster: ClusterState, self: NodeIdentity, forged?: GossipRow): ClusterState {
  const counter = cluster.version.versionOf(self.key) + 1
  const dot: Dot = { node: self.key, counter }
  const own = [...cluster.records].filter(([, record]) => record.dot.node === self.key)
  const reachability = forged
    ? cluster.reachability.outbid(self.key, forged.row.version)
    : cluster.reachability
  const hasRow = reachability.rows.has(self.key)
  return cluster.with({
    records: LayeredMap.over(
      cluster.records,
      own.map(([address, { member }]) => [address, { member, dot }] as const),
    ),
    tombstones: cluster.tombstones.toldAnew(dot),
    reachability,
    ...(hasRow && { rowCounters: LayeredMap.over(cluster.rowCounters, [[self.key, counter]]) }),
    version: cluster.version.withEntries([[self.key, counter]]),
    seen: new Set([self.key]),
  })
}

/** What others tell of this node's services: the version, where that is above its own. */
export function offeredInOurName(
  { cluster, self }: MembershipState,
  rows: readonly RegistryRow[],
  changes: readonly RegistryChanges[],
): number | undefined {
  const told = [
    ...rows.map(({ node, version }) => ({ node, version })),
    ...changes.map((news) => ({ node: news.node, version: news.since + news.changes.length })),
  ]
  const own = told.filter(({ node }) => node.equals(self)).map(({ version }) => version)
  const highest = Math.max(0, ...own)
  return highest > (cluster.registry.rows.get(self.key)?.version ?? 0) ? highest : undefined
}

export function falseClaim(
  from: NodeIdentity,
  claim: Implausible,
  answer: FalseClaim['answer'],
): MembershipEffect {
  return { type: 'publish', event: { type: 'false-claim', from, ...claim, answer } }
}

/** A message of which nothing is taken in. */
export function refuseClaim(from: NodeIdentity, claim: Implausible): readonly MembershipEffect[] {
  return [{ type: 'drop', reason: 'false-claim' }, falseClaim(from, claim, 'refused')]
}
