// What the leader decides, and what a node does about decisions over itself.
import { VectorClock } from '@casty/clock'
import { NodeIdentity, type NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { gossipFor } from './gossip.ts'
import { gossipTo } from './exchange.ts'
import {
  electLeader,
  isConverged,
  nextStatus,
  statusAfterDown,
  statusAfterLeave,
  unreachableFrom,
  withUpNumbers,
} from './leader.ts'
import { byAddress, byAge, type Member } from './member.ts'
import {
  viewpoint,
  type LeavingPhase,
  type MembershipEffect,
  type MembershipState,
  type Moment,
  type Step,
} from './membership-state.ts'
import type { Dot } from './member-record.ts'
import { statusRank } from './member-status.ts'

/**
 * Sets a member on its way out, which is not undone. A node that is no member yet stops, unless a
 * contact may be admitting it this very moment: then it enters first, to leave in good order.
 */
export function requestLeave(state: MembershipState, node: NodeIdentity): Step {
  const { phase } = state
  if (phase.type === 'joining') {
    const isAsking = phase.contacts[phase.asking] !== undefined
    return isAsking ? [{ ...state, phase: { ...phase, leaving: true } }, []] : stop(state, 'left')
  }
  const member = state.cluster.member(node)
  const status = member && statusAfterLeave(member.status)
  if (!status) return [state, []]
  return [{ ...state, cluster: state.cluster.updateStatus(node, status, state.self) }, []]
}

export function requestDown(
  state: MembershipState,
  nodes: readonly NodeIdentity[],
): MembershipState {
  let { cluster } = state
  for (const node of nodes) {
    const member = cluster.member(node)
    const status = member && statusAfterDown(member.status)
    if (status) cluster = cluster.updateStatus(node, status, state.self)
  }
  return cluster === state.cluster ? state : { ...state, cluster }
}

/** Everything the leader may do now, in one go; the same state where it may do nothing. */
export function leaderActions(state: MembershipState, moment: Moment): MembershipState {
  if (state.phase.type === 'joining' || state.phase.type === 'stopped') return state
  const view = viewpoint(state)
  if (electLeader(state.cluster, view)?.key !== state.self.key) return state
  const cluster = isConverged(state.cluster, view)
    ? actOnConvergence(state, moment)
    : admitWeakly(state)
  return cluster === state.cluster ? state : { ...state, cluster }
}

function actOnConvergence(state: MembershipState, moment: Moment): ClusterState {
  const { cluster, self, settings } = state
  const own = cluster.members.filter((member) => member.dataCenter === settings.dataCenter)
  const unreachable = unreachableFrom(cluster, viewpoint(state))
  const mayRise = own.filter(({ status }) => statusRank(status) < statusRank('leaving'))
  // Joiners need not see a view for it to converge, but before they are numbered they must: one of
  // them may alone know of a number that an earlier leader gave before it died.
  const joinersSaw = mayRise.every(({ key }) => cluster.seen.has(key) || unreachable.has(key))
  const enoughMembers = joinersSaw && mayRise.length >= settings.minMembers
  const decided = own.map((member) => {
    const exitingConfirmed = state.exitingConfirmed.has(member.key)
    const context = {
      converged: true,
      unreachable: unreachable.has(member.key),
      exitingConfirmed,
      enoughMembers,
    }
    return { member, status: nextStatus(member.status, context) }
  })
  const becoming = (status: Member['status']): Member[] =>
    decided.filter((decision) => decision.status === status).map(({ member }) => member)
  const moved = [
    ...withUpNumbers(own, becoming('up')),
    ...becoming('exiting').map((member) => member.withStatus('exiting')),
  ]
  const buried = [...becoming('removed').map((member) => member.node), ...outlived(cluster)]
  return cluster.mergeMembers(moved, self).bury(buried, moment.wallNow, self)
}

/**
 * Who still counts in the version and is no member: earlier incarnations of members above all. All
 * have seen what they told, so they can be forgotten.
 */
function outlived(cluster: ClusterState): readonly NodeIdentity[] {
  const found: NodeIdentity[] = []
  for (const [key] of cluster.version.entries()) {
    // Every entry of a membership version is named by a node key.
    if (!cluster.membersByKey.has(key as NodeKey)) found.push(NodeIdentity.parse(key))
  }
  return found
}

/** Without convergence for long, joiners that are reachable may at least do what needs no agreement. */
function admitWeakly(state: MembershipState): ClusterState {
  const { cluster, settings, convergence } = state
  if (convergence.type !== 'overdue') return cluster
  const unreachable = unreachableFrom(cluster, viewpoint(state))
  const admitted = cluster.members
    .filter(
      ({ status, key, dataCenter }) =>
        status === 'joining' && !unreachable.has(key) && dataCenter === settings.dataCenter,
    )
    .map((member) => member.withStatus('weakly-up'))
  return cluster.mergeMembers(admitted, state.self)
}

/** Keeps count of how long the view has not converged. */
export function watchConvergence(state: MembershipState, moment: Moment): MembershipState {
  const { convergence, settings } = state
  if (isConverged(state.cluster, viewpoint(state))) {
    return convergence.type === 'converged'
      ? state
      : { ...state, convergence: { type: 'converged' } }
  }
  switch (convergence.type) {
    case 'converged':
      return {
        ...state,
        convergence: { type: 'waiting', overdueAt: moment.now + settings.weaklyUpAfterMs },
      }
    case 'waiting':
      return moment.now < convergence.overdueAt
        ? state
        : { ...state, convergence: { type: 'overdue' } }
    case 'overdue':
      return state
  }
}

/** Draws the consequences of what the cluster decided over this node. */
export function heedOwnStatus(state: MembershipState, moment: Moment): Step {
  const { phase, cluster, settings } = state
  if (phase.type === 'joining' || phase.type === 'stopped') return [state, []]
  const self = cluster.member(state.self)
  if (!self) return stop(state, phase.type === 'leaving' ? 'left' : 'removed')
  if (self.status === 'down') return stopDowned(state)
  const isLeaving = self.status === 'leaving' || self.status === 'exiting'
  if (isLeaving && phase.type === 'member') {
    const giveUpAt = moment.now + settings.leaveTimeoutMs
    return heedOwnStatus(
      { ...state, phase: { type: 'leaving', tasks: 'waiting', giveUpAt } },
      moment,
    )
  }
  if (self.status === 'exiting' && phase.type === 'leaving' && phase.tasks === 'waiting') {
    return runExitTasks(state, phase)
  }
  return [state, []]
}

/** Runs what is to be done before the others let this node go; how long that may take is not ours. */
function runExitTasks(state: MembershipState, phase: LeavingPhase): Step {
  const running: LeavingPhase = { ...phase, tasks: 'running', giveUpAt: Number.POSITIVE_INFINITY }
  return [{ ...state, phase: running }, [{ type: 'run-exit-tasks' }]]
}

/**
 * Nobody let this node go in time. Has it not even begun to exit, because the view did not converge,
 * then it hands over as well as it can before it stops.
 */
export function leavingOverdue(state: MembershipState, phase: LeavingPhase): Step {
  return phase.tasks === 'waiting' ? runExitTasks(state, phase) : stop(state, 'left')
}

/** Stops, and tells a few others first where the decision was this node's own. */
function stopDowned(state: MembershipState): Step {
  const { cluster, self, known } = state
  const [stopped, effects] = stop(state, 'downed')
  if (authorOf(cluster.records, self) !== self.key) return [stopped, effects]
  const news = nextInLine(state).map(({ node }) =>
    gossipTo(node, gossipFor(cluster, known.get(node.key) ?? VectorClock.empty)),
  )
  return [stopped, [...news, ...effects]]
}

/** A few members that lead now, or will when others are gone. */
function nextInLine(state: MembershipState): readonly Member[] {
  const { cluster, self, settings } = state
  const order = settings.leaderOrder === 'address' ? byAddress : byAge
  return cluster.members
    .filter(({ key, status }) => key !== self.key && status !== 'down')
    .toSorted(order)
    .slice(0, 5)
}

/** Ends this node's part: what it still knows is kept for those who ask, nothing is sent any more. */
export function stop(state: MembershipState, reason: 'downed' | 'removed' | 'left'): Step {
  if (state.phase.type === 'stopped') return [state, []]
  const pace = { ...state.pace, nextAt: Number.POSITIVE_INFINITY }
  return [{ ...state, pace, phase: { type: 'stopped', reason } }, [{ type: 'stop', reason }]]
}

/** The exit tasks are done: says so to those who may lead, and waits to be let go. */
export function confirmExit(state: MembershipState, moment: Moment): Step {
  const { phase, self, settings } = state
  if (phase.type !== 'leaving' || phase.tasks !== 'running') return [state, []]
  if (state.cluster.member(self)?.status !== 'exiting') return stop(state, 'left')
  const exitingConfirmed = new Set(state.exitingConfirmed).add(self.key)
  const giveUpAt = moment.now + settings.leaveTimeoutMs
  return [
    { ...state, exitingConfirmed, phase: { ...phase, tasks: 'done', giveUpAt } },
    nextInLine(state).map(({ node }) => ({
      type: 'send',
      to: node,
      message: { type: 'exiting-confirmed', node: self },
    })),
  ]
}

/** A member says that its exit tasks are done. */
export function exitConfirmed(state: MembershipState, node: NodeIdentity): MembershipState {
  if (!state.cluster.member(node) || state.exitingConfirmed.has(node.key)) return state
  return { ...state, exitingConfirmed: new Set(state.exitingConfirmed).add(node.key) }
}

/**
 * Last words to nodes that this one gave up: the decision, if they can still hear it. Of a node that
 * is gone, whoever decided it, the connections are given up too.
 */
export function farewells(
  before: ClusterState,
  state: MembershipState,
): readonly MembershipEffect[] {
  const { cluster, self } = state
  if (before.records === cluster.records) return []
  const effects: MembershipEffect[] = []
  for (const { node, status } of before.members) {
    const now = cluster.member(node)
    if (node.equals(self) || now?.status === status) continue
    const author = now ? authorOf(cluster.records, node) : authorOf(cluster.tombstones, node)
    const isDecision = !now || now.status === 'down'
    if (isDecision && author === self.key) {
      effects.push(
        gossipTo(node, gossipFor(cluster, state.known.get(node.key) ?? VectorClock.empty)),
      )
    }
    if (!now) effects.push({ type: 'forget', node })
  }
  return effects
}

function authorOf(
  records: ReadonlyMap<string, { readonly dot: Dot }>,
  node: NodeIdentity,
): NodeKey | undefined {
  return records.get(node.address.toString())?.dot.node
}

/** Forgets what was remembered of nodes that are members no longer. */
export function forgetGone(before: ClusterState, state: MembershipState): MembershipState {
  if (before.records === state.cluster.records) return state
  const isMember = (key: NodeKey): boolean => state.cluster.membersByKey.has(key)
  return {
    ...state,
    known: new Map([...state.known].filter(([key]) => isMember(key))),
    exitingConfirmed: new Set([...state.exitingConfirmed].filter(isMember)),
  }
}
