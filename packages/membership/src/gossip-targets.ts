// Whom a node may tell of its view: its neighbours in its own data center, and where it is one of the
// envoys of that, the envoys of the others.
import type { NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { DC_ROLE_PREFIX } from './data-center.ts'
import { counterparts, envoysOf } from './envoys.ts'
import { byAge, type Member } from './member.ts'
import { neighboursOf } from './neighbours.ts'
import { countVotesAcross } from './unreachable-across.ts'
import { unreachableMembers } from './unreachable.ts'

/** What chance decides about a round of gossip, drawn by whoever starts the round. */
export interface GossipChoices {
  /** Prefer members that have not seen the view, where there are such. */
  readonly preferUnseen: boolean
  /** Go to another data center, if this node is an envoy of its own. */
  readonly crossDc: boolean
  /** The other data centers in the order in which to try them. @defaultValue by name */
  readonly order?: (dataCenters: readonly string[]) => readonly string[]
  /** How many members of each data center, the oldest, gossip across. @defaultValue the cluster's */
  readonly crossDcConnections?: number
}

/**
 * Whom `self` may gossip with in a round: members of its own data center, or envoys of the first
 * other data center that it reaches. Never oneself, nor whom one finds unreachable oneself; a member
 * that only others find unreachable stays, since that is what heals a broken pair.
 *
 * For those who gossip with one peer at a time. A `Cluster` has rounds of their own for going across,
 * which take every other data center in turn.
 */
export function gossipCandidates(
  cluster: ClusterState,
  self: NodeKey,
  choices: GossipChoices,
): readonly Member[] {
  const { crossDcConnections = cluster.crossDcConnections, order = byName } = choices
  const others = choices.crossDc
    ? counterparts(withConnections(cluster, crossDcConnections), self)
    : new Map<string, readonly Member[]>()
  for (const name of order([...others.keys()])) {
    const envoys = others.get(name)?.filter((member) => canReach(cluster, self, member)) ?? []
    if (envoys.length > 0) return envoys
  }
  return candidatesWithin(cluster, self, choices.preferUnseen)
}

const noLinks: ReadonlySet<NodeKey> = new Set()

function byName(dataCenters: readonly string[]): readonly string[] {
  return dataCenters.toSorted()
}

function withConnections(cluster: ClusterState, crossDcConnections: number): ClusterState {
  const isSame = cluster.crossDcConnections === crossDcConnections
  return isSame ? cluster : cluster.with({ crossDcConnections })
}

/**
 * Whom `self` may gossip with in its own data center, by address.
 *
 * @param badLinks - peers that only others reach: not preferred, where there is anybody else. Whoever has
 * one good link only would else tell all but the one who hears it, and hear of nobody itself
 */
export function candidatesWithin(
  cluster: ClusterState,
  self: NodeKey,
  preferUnseen: boolean,
  badLinks: ReadonlySet<NodeKey> = noLinks,
): readonly Member[] {
  const inReach = neighboursOf(cluster, self).filter((member) => canReach(cluster, self, member))
  // Now and then everybody is tried: a link may be better than it is known to be.
  if (!preferUnseen) return inReach
  const heard = inReach.filter(({ key }) => !badLinks.has(key))
  const reachable = heard.length > 0 ? heard : inReach
  // Preferred are those who will answer: else a side that is cut off talks mostly to the other.
  const unseen = reachable.filter(
    ({ key }) => !cluster.seen.has(key) && !cluster.unreachable.has(key),
  )
  return unseen.length > 0 ? unseen : reachable
}

/**
 * Whom an envoy may gossip with in another data center: its envoys. Where it reaches none of them,
 * anybody there: its oldest may have died in a time when nothing crossed, and then only those who came
 * after them know that they speak for it now.
 */
export function candidatesAcross(
  cluster: ClusterState,
  self: NodeKey,
  dataCenter: string,
): readonly Member[] {
  const reachable = envoysInReach(cluster, self, dataCenter)
  if (reachable.length > 0) return reachable
  const members = cluster.dataCenters.get(dataCenter)?.members ?? []
  return members.filter((member) => member.status !== 'down' && canReach(cluster, self, member))
}

/** The envoys of a data center that `self` has not found unreachable. */
export function envoysInReach(
  cluster: ClusterState,
  self: NodeKey,
  dataCenter: string,
): readonly Member[] {
  return envoysOf(cluster, dataCenter).filter((member) => canReach(cluster, self, member))
}

function canReach({ reachability }: ClusterState, self: NodeKey, { key }: Member): boolean {
  return key !== self && reachability.statusBetween(self, key) === 'reachable'
}

/**
 * The `count` oldest members of each data center, oldest first, whoever of them is in reach. Which
 * of them keep it in touch with others is told by `envoysOf`.
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
 * of another data center that one, and its own envoys, who watch across.
 *
 * @param needed - votes for a cluster, or a data center, of a given size. @defaultValue observersNeeded,
 * by who watches
 */
export function isReachableFromDc(
  cluster: ClusterState,
  dataCenter: string,
  subject: NodeKey,
  needed?: (size: number) => number,
): boolean {
  const member = cluster.membersByKey.get(subject)
  const home = member && cluster.dataCenters.get(member.dataCenter)
  if (!home) return false
  const { reachability, derived } = cluster
  if (!needed) return !derived.verdicts.from(dataCenter).has(subject)
  if (unreachableMembers(home.membersByKey, reachability, needed).has(subject)) return false
  if (home.name === dataCenter) return true
  const isSubject = (key: string): key is NodeKey => key === subject
  const votes = countVotesAcross(envoysOf(cluster, dataCenter), reachability, isSubject, needed)
  return !votes.some(({ unreachable }) => unreachable)
}
