import type { NodeIdentity, NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { electLeader, electRoleLeader, isConverged, type Viewpoint } from './leader.ts'
import type { Member } from './member.ts'
import { memberChanges } from './member-changes.ts'
import { statusRank, type MemberStatus } from './member-status.ts'

/** What happened to a member. `member` is what it is now, or last was. */
export type MemberEvent =
  | { readonly type: 'member-joined'; readonly member: Member }
  | { readonly type: 'member-weakly-up'; readonly member: Member }
  | { readonly type: 'member-up'; readonly member: Member }
  | { readonly type: 'member-left'; readonly member: Member }
  | { readonly type: 'member-exited'; readonly member: Member }
  | { readonly type: 'member-downed'; readonly member: Member }
  | {
      readonly type: 'member-removed'
      readonly member: Member
      readonly previousStatus: MemberStatus
    }

export function isMemberEvent(event: ClusterEvent): event is MemberEvent {
  return (
    'member' in event && event.type !== 'member-unreachable' && event.type !== 'member-reachable'
  )
}

/**
 * Something that a peer told and that is not true: it cannot be, or it was said in the name of this node,
 * which never said so. The peer may be the liar, or have it from one: members hand on what they are told.
 */
export interface FalseClaim {
  readonly type: 'false-claim'
  /** Who told it. */
  readonly from: NodeIdentity
  /** Of whom it was told. */
  readonly about: NodeKey
  /**
   * `count`, `incarnation`: higher than anybody's is; `author`: a change that another cannot make; `size`: more
   * members than can be told of; `own-count`, `own-row`, `own-record`, `own-services`: what this node alone says
   * of itself.
   */
  readonly claim:
    | 'count'
    | 'incarnation'
    | 'author'
    | 'size'
    | 'own-count'
    | 'own-row'
    | 'own-record'
    | 'own-services'
  /**
   * `refused`: nothing of that message was taken in; `contradicted`: this node says anew what is so, above what
   * was said; `noted`: statuses only move forward, so it stands.
   */
  readonly answer: 'refused' | 'contradicted' | 'noted'
  /** For people. */
  readonly detail: string
}

/** Why a node is no longer part of its cluster; `forbidden`: it was evicted, and no later life of it is let in. */
export type StopReason = 'downed' | 'removed' | 'left' | 'forbidden'

export type ClusterEvent =
  /** First for every subscriber: where the events that follow start from. */
  | { readonly type: 'current-state'; readonly state: ClusterState }
  | MemberEvent
  | { readonly type: 'member-unreachable'; readonly member: Member }
  | { readonly type: 'member-reachable'; readonly member: Member }
  /** One bad link: the observer cannot reach the subject, but others can. Nobody is downed for it. */
  | {
      readonly type: 'link-fault'
      readonly observer: NodeKey
      readonly subject: Member
      readonly reachedVia: NodeKey
    }
  | { readonly type: 'link-restored'; readonly observer: NodeKey; readonly subject: Member }
  | {
      readonly type: 'leader-changed'
      readonly from: Member | undefined
      readonly to: Member | undefined
    }
  | {
      readonly type: 'role-leader-changed'
      readonly role: string
      readonly from: Member | undefined
      readonly to: Member | undefined
    }
  | { readonly type: 'convergence-changed'; readonly converged: boolean }
  /**
   * A contact refused this node for a reason that asking again does not mend; of `cluster-full` alone
   * the leaving of others does.
   */
  | {
      readonly type: 'join-refused'
      readonly contact: string
      readonly reason: string
      readonly detail: string
    }
  /**
   * Two sides of the cluster gave each other up, and met again. The side with the member that has been
   * up longest goes on; all members of the other are downed.
   */
  | {
      readonly type: 'rival-met'
      readonly node: NodeIdentity
      readonly goesOn: 'our-side' | 'their-side'
    }
  | FalseClaim
  /** The cluster decided against this node, which has stopped: no call will succeed any more. */
  | {
      readonly type: 'self-downed'
      readonly self: NodeKey
      readonly reason: Exclude<StopReason, 'left'>
    }
  /** Last of all: this node is no longer a member. */
  | { readonly type: 'cluster-shutting-down'; readonly reason: StopReason }

/** The event of a change of status, or undefined where there is none. */
export function eventForTransition(
  from: MemberStatus | undefined,
  to: MemberStatus,
  member: Member,
): MemberEvent | undefined {
  if (from === to) return undefined
  switch (to) {
    case 'joining':
      return { type: 'member-joined', member }
    case 'weakly-up':
      return { type: 'member-weakly-up', member }
    case 'up':
      return { type: 'member-up', member }
    case 'leaving':
      return { type: 'member-left', member }
    case 'exiting':
      return { type: 'member-exited', member }
    case 'down':
      return { type: 'member-downed', member }
    case 'removed':
      return { type: 'member-removed', member, previousStatus: from ?? 'removed' }
  }
}

/**
 * Everything that happened between two states, in a fixed order: members that went, members that
 * changed, reachability, leader, role leaders, convergence; within each by address.
 *
 * @param viewBefore - from where `before` was seen; convergence also depends on who confirmed to exit
 */
export function eventsBetween(
  before: ClusterState,
  after: ClusterState,
  view: Viewpoint,
  viewBefore: Viewpoint = view,
): readonly ClusterEvent[] {
  return [
    ...goneEvents(before, after),
    ...memberEvents(before, after),
    ...reachabilityEvents(before, after),
    ...leaderEvents(before, after, view),
    ...convergenceEvents(isConverged(before, viewBefore), isConverged(after, view)),
  ]
}

/**
 * Members that are there no more. What came between is told too, although this node may have heard
 * of the end only: first that it left, or that it was downed.
 */
function* goneEvents(before: ClusterState, after: ClusterState): Iterable<MemberEvent> {
  if (before.records === after.records) return
  for (const [member, now] of memberChanges(before.members, after.members)) {
    if (!member || now) continue
    const last = lastStatus(member, after)
    for (const status of statusesBetween(member.status, last)) {
      const event = eventForTransition(undefined, status, member.withStatus(status))
      if (event) yield event
    }
    const removed = member.withStatus('removed')
    yield { type: 'member-removed', member: removed, previousStatus: last }
  }
}

/** What a member was when it was removed: exiting where its tombstone says that it left, else down. */
function lastStatus(member: Member, after: ClusterState): 'exiting' | 'down' {
  const tombstone = after.tombstones.get(member.address.toString())
  return tombstone?.left === true && tombstone.node.equals(member.node) ? 'exiting' : 'down'
}

function statusesBetween(from: MemberStatus, last: 'exiting' | 'down'): readonly MemberStatus[] {
  const path: readonly MemberStatus[] = last === 'exiting' ? ['leaving', 'exiting'] : ['down']
  return path.filter((status) => statusRank(status) > statusRank(from))
}

function* memberEvents(before: ClusterState, after: ClusterState): Iterable<MemberEvent> {
  if (before.records === after.records) return
  for (const [former, member] of memberChanges(before.members, after.members)) {
    const event = member && eventForTransition(former?.status, member.status, member)
    if (event) yield event
  }
}

function* reachabilityEvents(before: ClusterState, after: ClusterState): Iterable<ClusterEvent> {
  for (const key of onlyIn(after.unreachable, before.unreachable)) {
    const member = after.membersByKey.get(key)
    if (member) yield { type: 'member-unreachable', member }
  }
  for (const key of onlyIn(before.unreachable, after.unreachable)) {
    const member = after.membersByKey.get(key)
    if (member) yield { type: 'member-reachable', member }
  }
}

function onlyIn(these: ReadonlySet<NodeKey>, others: ReadonlySet<NodeKey>): readonly NodeKey[] {
  if (these === others) return []
  return [...these].filter((key) => !others.has(key)).toSorted()
}

function* leaderEvents(
  before: ClusterState,
  after: ClusterState,
  view: Viewpoint,
): Iterable<ClusterEvent> {
  if (before.records === after.records && before.reachability === after.reachability) return
  const from = electLeader(before, view)
  const to = electLeader(after, view)
  if (from?.key !== to?.key) yield { type: 'leader-changed', from, to }
  for (const role of rolesOf(before, after)) {
    const roleFrom = electRoleLeader(before, role, view)
    const roleTo = electRoleLeader(after, role, view)
    if (roleFrom?.key !== roleTo?.key)
      yield { type: 'role-leader-changed', role, from: roleFrom, to: roleTo }
  }
}

function rolesOf(before: ClusterState, after: ClusterState): readonly string[] {
  const [former, roles] = [before.derived.roles, after.derived.roles]
  return former === roles ? roles : [...new Set([...former, ...roles])].toSorted()
}

function* convergenceEvents(before: boolean, after: boolean): Iterable<ClusterEvent> {
  if (before !== after) yield { type: 'convergence-changed', converged: after }
}
