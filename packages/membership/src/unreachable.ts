import type { NodeKey } from '@casty/transport'
import { LayeredMap } from './layered-map.ts'
import { byAddress, type Member } from './member.ts'
import { isAccusation, type Reachability } from './reachability.ts'

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
 * Only members that are not down accuse, and those that doubt themselves only whom they know to be gone:
 * that a connection is refused is no matter of patience. An observer that more others find
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
  return countAccusations(accusersBySubject(members, reachability), {
    members,
    reachability,
    needed,
    self,
  })
}

/** By what the votes of accusers are counted. */
export interface CountingRules {
  readonly members: ReadonlyMap<NodeKey, Member>
  readonly reachability: Reachability
  readonly needed: (size: number) => number
  readonly self: NodeKey | undefined
}

/** The count of `countVotes`, of accusers that are known already. */
export function countAccusations(
  accusers: Accusers,
  { members, reachability, needed, self }: CountingRules,
): readonly ReachabilityVotes[] {
  if (accusers.size === 0) return []
  const asked = needed(countPresent(members.values()))
  const counted =
    asked === 1 ? accusers : withoutDeadHeats(withoutVoid(accusers, self), accusers, self)
  const isThere = ({ key, status }: Member): boolean =>
    status !== 'down' && (key === self || (counted.get(key)?.length ?? 0) < asked)
  return Array.from(accusers.keys(), (subject) => {
    const observers = counted.get(subject) ?? []
    const vouching = countVouching(
      { members, isThere },
      subject,
      observers,
      reachability,
      asked,
      self,
    )
    const enough = Math.max(1, Math.min(asked, vouching))
    const unreachable = subject !== self && observers.length >= enough
    return { subject, observers, needed: enough, unreachable }
  })
}

function countPresent(members: Iterable<Member>): number {
  let count = 0
  for (const { status } of members) if (status !== 'down') count++
  return count
}

/** By subject, who finds it unreachable and may say so: at least one. */
export type Accusers = ReadonlyMap<NodeKey, readonly NodeKey[]>
/** Those of them who count. */
type Counted = Pick<Accusers, 'get'>

/** Leaves out the observers that more others find unreachable than there are of them. */
function withoutVoid(accusers: Accusers, self: NodeKey | undefined): Counted {
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
  counted: Counted,
  accusers: Accusers,
  self: NodeKey | undefined,
): Counted {
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

/** Made for a subject when it is asked for: mostly nobody accuses its accusers, and all stay. */
function mapped(
  counted: Counted,
  left: (observers: readonly NodeKey[], subject: NodeKey) => readonly NodeKey[],
): Counted {
  const known = new Map<NodeKey, readonly NodeKey[]>()
  return {
    get(subject) {
      const found = known.get(subject)
      if (found) return found
      const observers = counted.get(subject)
      if (!observers) return undefined
      const made = left(observers, subject)
      if (made !== observers) known.set(subject, made)
      return made
    },
  }
}

/** The same instance where all stay. */
function filtered(
  observers: readonly NodeKey[],
  stays: (observer: NodeKey) => boolean,
): readonly NodeKey[] {
  return observers.every(stays) ? observers : observers.filter(stays)
}

interface Voters {
  readonly members: ReadonlyMap<NodeKey, Member>
  readonly isThere: (member: Member) => boolean
}

/**
 * How many are left to vote on a subject, counted up to `most`: a partition of a large cluster makes
 * many subjects, and to ask every member about each of them takes quadratic time.
 */
function countVouching(
  voters: Voters,
  subject: NodeKey,
  observers: readonly NodeKey[],
  reachability: Reachability,
  most: number,
  self: NodeKey | undefined,
): number {
  const accusing = observers.filter((observer) => observer !== subject).length
  if (accusing >= most) return accusing
  let vouching = 0
  for (const member of voters.members.values()) {
    const voter = member.key
    if (voter === subject || !voters.isThere(member)) continue
    if (accusesInDoubt(voter, subject, reachability)) continue
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
 * Whoever doubts itself accuses nobody for being silent, but is still there to vouch for those it hears: to
 * count it out altogether would let one bad link and one stall make a healthy member unreachable.
 */
function accusesInDoubt(voter: NodeKey, subject: NodeKey, reachability: Reachability): boolean {
  const row = reachability.rows.get(voter)
  const status = reachability.statusBetween(voter, subject)
  return row !== undefined && status !== 'reachable' && !isAccusation(row, status)
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

/**
 * Who accuses whom, of members that may; observers in the order of the members.
 *
 * @param former - the same of the same members, by other rows: only what differs is looked at
 */
export function accusersBySubject(
  members: ReadonlyMap<NodeKey, Member>,
  reachability: Reachability,
  former?: { readonly accusers: Accusers; readonly reachability: Reachability },
): Accusers {
  const changed = former && LayeredMap.changedBetween(former.reachability.rows, reachability.rows)
  const observers = changed
    ? [...changed].flatMap((key) => members.get(key as NodeKey) ?? []) // Only looked up.
    : members.values()
  const accusers = new Map<NodeKey, readonly NodeKey[]>(changed && former.accusers)
  for (const observer of observers) {
    const before = changed ? accusedBy(observer, former.reachability) : undefined
    const row = reachability.rows.get(observer.key)
    if (changed && row === former.reachability.rows.get(observer.key)) continue
    for (const key of before ?? []) withdraw(accusers, key as NodeKey, observer.key)
    for (const key of accusedBy(observer, reachability)) {
      const subject = members.get(key as NodeKey)?.key // Looked up: only a member's key is kept.
      if (subject !== undefined) accuse(accusers, subject, observer, changed && members)
    }
  }
  return accusers
}

function accusedBy({ key, status }: Member, { rows }: Reachability): readonly string[] {
  const row = rows.get(key)
  if (row === undefined || status === 'down') return []
  return [...row.records].flatMap(([subject, record]) =>
    isAccusation(row, record.status) ? [subject] : [],
  )
}

function withdraw(
  accusers: Map<NodeKey, readonly NodeKey[]>,
  subject: NodeKey,
  observer: NodeKey,
): void {
  const left = accusers.get(subject)?.filter((other) => other !== observer)
  if (left === undefined) return
  if (left.length > 0) accusers.set(subject, left)
  else accusers.delete(subject)
}

/** @param members - where others may stand behind it in their order */
function accuse(
  accusers: Map<NodeKey, readonly NodeKey[]>,
  subject: NodeKey,
  observer: Member,
  members: ReadonlyMap<NodeKey, Member> | undefined,
): void {
  const all = accusers.get(subject) ?? []
  const behind = all.findIndex((key) => {
    const other = members?.get(key)
    return other !== undefined && byAddress(observer, other) < 0
  })
  accusers.set(
    subject,
    behind < 0 ? [...all, observer.key] : all.toSpliced(behind, 0, observer.key),
  )
}
