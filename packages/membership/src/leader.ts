import type { NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { byAddress, byAge, byLeaderStatus, isActive, isEstablished, type Member } from './member.ts'
import type { MemberStatus } from './member-status.ts'
import { observersNeeded, unreachableMembers } from './unreachable.ts'

/** Orders members for leadership: by age (the default), or by address. */
export type LeaderOrder = 'age' | 'address'

/** How members compare under a leader order: the first leads. A total order. */
export function leadingOrder(order: LeaderOrder = 'age'): (left: Member, right: Member) => number {
  return order === 'address' ? byAddress : byAge
}

/** From where a question about the cluster is asked. What is left out is not considered. */
export interface Viewpoint {
  /** The node that asks: it counts itself as reachable whatever others say. */
  readonly self?: NodeKey
  /** Only members of this data center count. */
  readonly dataCenter?: string
  readonly leaderOrder?: LeaderOrder
  /** Exiting members that said they are done: nobody waits for them. */
  readonly exitingConfirmed?: ReadonlySet<NodeKey>
  /** Votes for a cluster of a given size. @defaultValue observersNeeded, by who watches */
  readonly observersNeeded?: (size: number) => number
}

/**
 * The leader, computed from the state alone: among members that are not unreachable the first that
 * is up or leaving, in the given order; where there is none, the first that is weakly up, joining,
 * then exiting. During a partition each side computes its own: what keeps it harmless is that a leader
 * acts on convergence only.
 */
export function electLeader(state: ClusterState, view: Viewpoint = {}): Member | undefined {
  const { leaders } = state.derived.verdicts
  const name = nameOf(view)
  if (name !== undefined && leaders.has(name)) return leaders.get(name)
  const leader = findLeader(state, view)
  if (name !== undefined) leaders.set(name, leader)
  return leader
}

function findLeader(state: ClusterState, view: Viewpoint): Member | undefined {
  const unreachable = unreachableFrom(state, view)
  const isCandidate = (member: Member): boolean =>
    inScope(member, view) && member.status !== 'down' && !unreachable.has(member.key)
  const isFit = (member: Member): boolean => isEstablished(member) && isCandidate(member)
  return (
    first(state.members, leadingOrder(view.leaderOrder), isFit) ??
    first(state.members, byLeaderStatus, isCandidate)
  )
}

/** The leader among the members that have a role. */
export function electRoleLeader(
  state: ClusterState,
  role: string,
  view: Viewpoint = {},
): Member | undefined {
  const unreachable = unreachableFrom(state, view)
  const isFit = (member: Member): boolean =>
    inScope(member, view) &&
    member.hasRole(role) &&
    isEstablished(member) &&
    !unreachable.has(member.key)
  return first(state.members, leadingOrder(view.leaderOrder), isFit)
}

/**
 * Whether every reachable active member has seen this version, and nobody unreachable is left who
 * is not down or exiting. Members that are only joining need not have seen it; where a data center
 * has no other, everybody everywhere must have, so that its first member gets a number of its own.
 */
export function isConverged(state: ClusterState, view: Viewpoint = {}): boolean {
  const { derived } = state
  const name = nameOf(view)
  if (name === undefined) return !hasBlocker(state, view)
  const { exitingConfirmed } = view
  const last = derived.converged
  if (last?.view === name && last.exitingConfirmed === exitingConfirmed) return last.answer
  const answer = !hasBlocker(state, view)
  derived.converged = { view: name, exitingConfirmed, answer }
  return answer
}

function hasBlocker(state: ClusterState, view: Viewpoint): boolean {
  const isHeld = (member: Member | undefined): boolean =>
    member !== undefined && whyBlocking(member) !== undefined
  const whyBlocking = blocking(state, view)
  for (const key of unreachableFrom(state, view))
    if (isHeld(state.membersByKey.get(key))) return true
  for (const place of state.derived.seen.placesMissing()) {
    if (isHeld(state.members[place])) return true
  }
  return false
}

/** Who keeps the view from converging, and why. */
export interface ConvergenceBlocker {
  readonly member: Member
  readonly why: 'not-seen' | 'unreachable'
}

/** Everybody who keeps the view from converging, by address; empty once it has converged. */
export function blockersOfConvergence(
  state: ClusterState,
  view: Viewpoint = {},
): readonly ConvergenceBlocker[] {
  const whyBlocking = blocking(state, view)
  return state.members.flatMap((member) => {
    const why = whyBlocking(member)
    return why === undefined ? [] : [{ member, why }]
  })
}

/** Says of a member whether it keeps the view from converging. */
function blocking(
  state: ClusterState,
  view: Viewpoint,
): (member: Member) => ConvergenceBlocker['why'] | undefined {
  const confirmed = view.exitingConfirmed ?? new Set()
  const unreachable = unreachableFrom(state, view)
  const decides = (member: Member): boolean => isEstablished(member) && inScope(member, view)
  const mustSee = state.members.some(decides) ? decides : isActive
  return (member) => {
    if (confirmed.has(member.key)) return undefined
    if (unreachable.has(member.key) && inScope(member, view)) {
      return isActive(member) ? 'unreachable' : undefined
    }
    return !state.seen.has(member.key) && mustSee(member) ? 'not-seen' : undefined
  }
}

/** What the leader knows when it decides over a member. */
export interface LeaderContext {
  readonly converged: boolean
  readonly unreachable?: boolean
  readonly exitingConfirmed?: boolean
  /** Enough members are there for the first of them to become up. @defaultValue true */
  readonly enoughMembers?: boolean
}

/**
 * Where the leader takes a member next, or undefined to leave it. Nothing moves before convergence:
 * an exiting member stays until it said that it is done or is gone, and a downed one until it has
 * stopped, which shows as unreachable.
 */
export function nextStatus(status: MemberStatus, context: LeaderContext): MemberStatus | undefined {
  if (!context.converged) return undefined
  switch (status) {
    case 'joining':
    case 'weakly-up':
      return context.enoughMembers === false ? undefined : 'up'
    case 'leaving':
      return 'exiting'
    case 'exiting':
      return context.exitingConfirmed || context.unreachable ? 'removed' : undefined
    case 'down':
      return context.unreachable ? 'removed' : undefined
    case 'up':
    case 'removed':
      return undefined
  }
}

/** What the `leave` command makes of a status; undefined where it changes nothing. */
export function statusAfterLeave(status: MemberStatus): MemberStatus | undefined {
  return status === 'joining' || status === 'weakly-up' || status === 'up' ? 'leaving' : undefined
}

/** What the `down` command makes of a status; undefined where it changes nothing. */
export function statusAfterDown(status: MemberStatus): MemberStatus | undefined {
  return status === 'down' || status === 'removed' ? undefined : 'down'
}

/** A change of leader. */
export interface LeaderHandoverEvent {
  readonly from: Member | undefined
  readonly to: Member | undefined
}

/** Watches states go by and tells when the leader is another one. */
export class LeaderHandover {
  readonly #view: Viewpoint
  #current: Member | undefined

  constructor(view: Viewpoint = {}) {
    this.#view = view
  }

  /** The leader of the last state observed. */
  get current(): Member | undefined {
    return this.#current
  }

  /** The handover that this state completes, or undefined when the leader stays. */
  observe(state: ClusterState): LeaderHandoverEvent | undefined {
    const from = this.#current
    const to = electLeader(state, this.#view)
    this.#current = to
    return from?.key === to?.key ? undefined : { from, to }
  }
}

/** Members of one data center made up together: numbered on from its youngest, in address order. */
export function withUpNumbers(
  members: readonly Member[],
  joining: readonly Member[],
): readonly Member[] {
  let last = 0
  for (const member of members) last = Math.max(last, member.upNumber ?? 0)
  return joining.toSorted(byAddress).map((member) => member.withStatus('up', ++last))
}

function inScope(member: Member, view: Viewpoint): boolean {
  return view.dataCenter === undefined || member.dataCenter === view.dataCenter
}

/** Who counts as unreachable from here: by observers of the same data center, and never oneself. */
export function unreachableFrom(state: ClusterState, view: Viewpoint): ReadonlySet<NodeKey> {
  const { unreachableFrom: recall } = state.derived.verdicts
  const name = nameOf(view)
  const known = name === undefined ? undefined : recall.get(name)
  if (known) return known
  const found =
    state.reachability.rows.size === 0 ? new Set<NodeKey>() : new Set(votedUnreachable(state, view))
  if (view.self !== undefined) found.delete(view.self)
  if (name !== undefined) recall.set(name, found)
  return found
}

/** Names a point of view, but for who confirmed to exit; undefined where votes are counted otherwise. */
function nameOf(view: Viewpoint): string | undefined {
  const { self = '', dataCenter = '', leaderOrder = 'age', observersNeeded: needed } = view
  return needed ? undefined : `${self} ${leaderOrder} ${dataCenter}`
}

function votedUnreachable(state: ClusterState, view: Viewpoint): Iterable<NodeKey> {
  const { dataCenter, self = state.viewer } = view
  if (!view.observersNeeded && self === state.viewer) {
    // The state counts once and remembers.
    const { verdicts } = state.derived
    return dataCenter === undefined ? verdicts.unreachable : verdicts.within(dataCenter)
  }
  const needed = view.observersNeeded ?? ((size) => observersNeeded(size, state.monitoredBy))
  return [...state.dataCenters.values()]
    .filter(({ name }) => dataCenter === undefined || dataCenter === name)
    .flatMap(({ membersByKey }) => [
      ...unreachableMembers(membersByKey, state.reachability, needed, self),
    ])
}

/** Whether a member is fit is asked only of those who would come first. */
function first(
  members: readonly Member[],
  order: (left: Member, right: Member) => number,
  isFit: (member: Member) => boolean,
): Member | undefined {
  let found: Member | undefined
  for (const member of members) {
    if ((!found || order(member, found) < 0) && isFit(member)) found = member
  }
  return found
}
