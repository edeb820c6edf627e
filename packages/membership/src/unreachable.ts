import type { NodeKey } from '@casty/transport'
import type { Member } from './member.ts'
import type { Reachability } from './reachability.ts'

/**
 * Up to so many members of a data center all watch all, over the twelve connections that a node of a
 * large one has as well. Where each watches a few, whoever is cut off with a few finds the rest in rounds
 * of some 3 s, and a split into three takes longer to see than a side may wait for a lease.
 */
const mostWatchedByAll = 13

/** Of a large data center nobody watches more than so many times `monitoredBy` that are in reach. */
const mostTimes = 4

/**
 * How many members in reach a node of a data center of `size` watches.
 *
 * @param monitoredBy - how many in a large one, while all is well
 * @param lost - how many it cannot reach itself: the more, the wider it looks for others that it lost with
 * them, so that each round finds more than the one before
 */
export function watchersOf(size: number, monitoredBy: number, lost = 0): number {
  if (size <= mostWatchedByAll) return size - 1
  return Math.min(monitoredBy + 2 * lost, mostTimes * monitoredBy)
}

/**
 * How many distinct observers make a member of a cluster of `size` unreachable: 1 in a cluster of
 * two, 2 up to five, 3 above. A single bad link is then a link fault, and downs nobody. Never more
 * than watch each member: whoever dies alone would else be found unreachable by nobody.
 *
 * @param monitoredBy - how many watch each member
 */
export function observersNeeded(
  size: number,
  monitoredBy: number = Number.POSITIVE_INFINITY,
): number {
  const wanted = size <= 2 ? 1 : size <= 5 ? 2 : 3
  return Math.min(wanted, monitoredBy)
}

/** The votes on one member that somebody finds unreachable. */
export interface ReachabilityVotes {
  readonly subject: NodeKey
  /** Who finds it unreachable, and counts: may be nobody, where all votes are void. */
  readonly observers: readonly NodeKey[]
  readonly needed: number
  readonly unreachable: boolean
}

/**
 * Counts, for every member that somebody finds unreachable, whether enough do.
 *
 * Only members that are not down and do not doubt themselves accuse. An observer that more others find
 * unreachable than its subject is the one that is cut off, and its vote is void: after a partition
 * healed, or where a node hears nobody but is still heard, it would have everybody else unreachable.
 * Where as many do, those of the two sides are believed whom nobody accuses.
 *
 * Where fewer members are left to vote than `needed` asks for, all of them suffice: left to vote are
 * those who accuse the subject, and those whom none of its accusers finds unreachable too, nor enough
 * others. So the last node of five sees the other four as unreachable, while two nodes whose link broke are
 * outvoted by the three between.
 *
 * @param needed - votes for a cluster of a given size
 * @param self - who asks: its own vote is never void to it, and it knows itself to be there
 */
export function countVotes(
  members: ReadonlyMap<NodeKey, Member>,
  reachability: Reachability,
  needed: (size: number) => number = observersNeeded,
  self?: NodeKey,
): readonly ReachabilityVotes[] {
  if (reachability.rows.size === 0) return []
  const accusers = accusersBySubject(members, reachability)
  if (accusers.size === 0) return []
  const present = [...members.values()].filter((member) => member.status !== 'down')
  const asked = needed(present.length)
  const counted =
    asked === 1 ? accusers : withoutDeadHeats(withoutVoid(accusers, self), accusers, self)
  const isThere = (key: NodeKey): boolean => key === self || (counted.get(key)?.length ?? 0) < asked
  const voters = present.map(({ key }) => key).filter(isThere)
  return [...counted].map(([subject, observers]) => {
    const vouching = countVouching(voters, subject, observers, reachability, asked, self)
    const enough = Math.max(1, Math.min(asked, vouching))
    const unreachable = subject !== self && observers.length >= enough
    return { subject, observers, needed: enough, unreachable }
  })
}

type Accusers = ReadonlyMap<NodeKey, readonly NodeKey[]>

/** Leaves out the observers that more others find unreachable than there are of them. */
function withoutVoid(accusers: Accusers, self: NodeKey | undefined): Accusers {
  return mapped(accusers, (observers) =>
    filtered(
      observers,
      (observer) => observer === self || (accusers.get(observer)?.length ?? 0) <= observers.length,
    ),
  )
}

/**
 * Where as many find the observer unreachable as its subject, those are believed whom nobody accuses in
 * turn. The dead take nothing back: when all who watched a member have died while it was cut off for a
 * moment, it would else stay unreachable for as long as they are members.
 */
function withoutDeadHeats(
  counted: Accusers,
  accusers: Accusers,
  self: NodeKey | undefined,
): Accusers {
  const isUndisputed = (key: NodeKey): boolean => (counted.get(key)?.length ?? 0) === 0
  return mapped(counted, (observers, subject) => {
    const most = accusers.get(subject)?.length ?? 0
    if (observers.some(isUndisputed)) return observers
    return filtered(observers, (observer) => {
      const against = accusers.get(observer) ?? []
      return observer === self || against.length < most || !against.some(isUndisputed)
    })
  })
}

function mapped(
  accusers: Accusers,
  left: (observers: readonly NodeKey[], subject: NodeKey) => readonly NodeKey[],
): Accusers {
  return new Map(
    [...accusers].map(([subject, observers]) => [subject, left(observers, subject)] as const),
  )
}

/** The same instance where all stay. */
function filtered(
  observers: readonly NodeKey[],
  stays: (observer: NodeKey) => boolean,
): readonly NodeKey[] {
  return observers.every(stays) ? observers : observers.filter(stays)
}

/**
 * How many are left to vote on a subject, counted up to `most`: a partition of a large cluster makes
 * many subjects, and to ask every member about each of them takes quadratic time.
 */
function countVouching(
  voters: readonly NodeKey[],
  subject: NodeKey,
  observers: readonly NodeKey[],
  reachability: Reachability,
  most: number,
  self: NodeKey | undefined,
): number {
  const accusing = observers.filter((observer) => observer !== subject).length
  if (accusing >= most) return accusing
  let vouching = 0
  for (const voter of voters) {
    if (voter === subject || accusesInDoubt(voter, subject, reachability)) continue
    const isLeft =
      voter === self ||
      observers.includes(voter) ||
      observers.every((observer) => reachability.statusBetween(observer, voter) === 'reachable')
    if (isLeft) vouching++
    if (vouching >= most) break
  }
  return vouching
}

/**
 * Whoever doubts itself accuses nobody, but is still there to vouch for those it does not accuse: to
 * count it out altogether would let one bad link and one stall make a healthy member unreachable.
 */
function accusesInDoubt(voter: NodeKey, subject: NodeKey, reachability: Reachability): boolean {
  const isDoubtful = reachability.rows.get(voter)?.doubtful === true
  return isDoubtful && reachability.statusBetween(voter, subject) !== 'reachable'
}

/** The members that are unreachable for the cluster. */
export function unreachableMembers(
  members: ReadonlyMap<NodeKey, Member>,
  reachability: Reachability,
  needed: (size: number) => number = observersNeeded,
  self?: NodeKey,
): ReadonlySet<NodeKey> {
  const votes = countVotes(members, reachability, needed, self)
  return new Set(votes.filter((vote) => vote.unreachable).map((vote) => vote.subject))
}

function mayAccuse(member: Member, reachability: Reachability): boolean {
  return member.status !== 'down' && reachability.rows.get(member.key)?.doubtful !== true
}

function accusersBySubject(
  members: ReadonlyMap<NodeKey, Member>,
  reachability: Reachability,
): Accusers {
  const accusers = new Map<NodeKey, NodeKey[]>()
  for (const observer of members.values()) {
    const row = reachability.rows.get(observer.key)
    if (!row || !mayAccuse(observer, reachability)) continue
    for (const [key, record] of row.records) {
      const subject = members.get(key as NodeKey)?.key // Looked up: only a member's key is kept.
      if (subject === undefined || record.status === 'reachable') continue
      const found = accusers.get(subject)
      if (found) found.push(observer.key)
      else accusers.set(subject, [observer.key])
    }
  }
  return accusers
}
