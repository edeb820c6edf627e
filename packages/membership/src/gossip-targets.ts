// Whom a node may tell of its view, also where there are several data centers: mostly its own, and
// over a few links, those between the oldest members of each, the others.
import type { NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { DC_ROLE_PREFIX } from './data-center.ts'
import { byAge, type Member } from './member.ts'
import { countVotes, observersNeeded } from './unreachable.ts'

/** What chance decides about a round of gossip, drawn by whoever starts the round. */
export interface GossipChoices {
  /** Prefer members that have not seen the view, where there are such. */
  readonly preferUnseen: boolean
  /** Go to another data center, if this node is among the oldest of its own. */
  readonly crossDc: boolean
  /** The other data centers in the order in which to try them. @defaultValue by name */
  readonly order?: (dataCenters: readonly string[]) => readonly string[]
  /** How many members of each data center, the oldest, gossip across. @defaultValue 5 */
  readonly crossDcConnections?: number
}

/**
 * Whom `self` may gossip with in a round: members of its own data center, or the oldest of the first
 * other data center that it reaches. Never oneself, nor whom one finds unreachable oneself; a member
 * that only others find unreachable stays, since that is what heals a broken pair.
 */
export function gossipCandidates(
  cluster: ClusterState,
  self: NodeKey,
  choices: GossipChoices,
): readonly Member[] {
  const across = choices.crossDc ? acrossDataCenters(cluster, self, choices) : []
  return across.length > 0 ? across : withinDataCenter(cluster, self, choices.preferUnseen)
}

function withinDataCenter(
  cluster: ClusterState,
  self: NodeKey,
  preferUnseen: boolean,
): readonly Member[] {
  const dataCenter = cluster.membersByKey.get(self)?.dataCenter
  const peers = cluster.members.filter(
    (member) => member.dataCenter === dataCenter && canReach(cluster, self, member),
  )
  const unseen = peers.filter(({ key }) => !cluster.seen.has(key))
  return preferUnseen && unseen.length > 0 ? unseen : peers
}

function acrossDataCenters(
  cluster: ClusterState,
  self: NodeKey,
  { crossDcConnections = 5, order = byName }: GossipChoices,
): readonly Member[] {
  const oldest = oldestPerDc(cluster.members, crossDcConnections)
  const own = cluster.membersByKey.get(self)?.dataCenter ?? ''
  if (!oldest.get(own)?.some(({ key }) => key === self)) return []
  for (const dataCenter of order([...oldest.keys()].filter((name) => name !== own))) {
    const peers = oldest.get(dataCenter)?.filter((member) => canReach(cluster, self, member)) ?? []
    if (peers.length > 0) return peers
  }
  return []
}

function byName(dataCenters: readonly string[]): readonly string[] {
  return dataCenters.toSorted()
}

function canReach({ reachability }: ClusterState, self: NodeKey, { key }: Member): boolean {
  return key !== self && reachability.statusBetween(self, key) === 'reachable'
}

/**
 * The `count` oldest members of each data center, oldest first: those that speak for it to others.
 *
 * @see Apache Pekko, MembershipState.ageSortedTopOldestMembersPerDc
 */
export function oldestPerDc(
  members: Iterable<Member>,
  count: number,
): ReadonlyMap<string, readonly Member[]> {
  const found = new Map<string, Member[]>()
  for (const member of [...members].toSorted(byAge)) {
    const oldest = found.get(member.dataCenter)
    if (!oldest) found.set(member.dataCenter, [member])
    else if (oldest.length < count) oldest.push(member)
  }
  return found
}

/**
 * Whom to tell at once that members are exiting: the two oldest of the data center, and the two
 * oldest of each role of theirs. There run, or will run next, whatever runs once per role, and the
 * sooner they know, the sooner it moves.
 *
 * @see Apache Pekko, MembershipState.gossipTargetsForExitingMembers
 */
export function exitingTargets(
  members: Iterable<Member>,
  exiting: readonly Member[],
  dataCenter: string,
): readonly Member[] {
  if (exiting.length === 0) return []
  const byOldest = [...members].filter((member) => member.dataCenter === dataCenter).toSorted(byAge)
  const roles = new Set(exiting.flatMap((member) => member.roles))
  const targets = new Set(byOldest.slice(0, 2))
  for (const role of roles) {
    if (role.startsWith(DC_ROLE_PREFIX)) continue
    for (const member of byOldest.filter((candidate) => candidate.hasRole(role)).slice(0, 2)) {
      targets.add(member)
    }
  }
  return [...targets].toSorted(byAge)
}

/**
 * Whether a data center finds a member reachable. Of its own members it asks only itself; of those
 * of another data center anybody may say that they are gone.
 *
 * @param needed - votes for a cluster, or a data center, of a given size
 */
export function isReachableFromDc(
  cluster: ClusterState,
  dataCenter: string,
  subject: NodeKey,
  needed: (size: number) => number = (size) => observersNeeded(size, cluster.monitoredBy),
): boolean {
  const member = cluster.membersByKey.get(subject)
  if (!member) return false
  const asked = [...cluster.membersByKey].filter(
    ([, other]) => member.dataCenter !== dataCenter || other.dataCenter === dataCenter,
  )
  const votes = countVotes(new Map(asked), cluster.reachability, needed)
  return !votes.some((vote) => vote.subject === subject && vote.unreachable)
}
