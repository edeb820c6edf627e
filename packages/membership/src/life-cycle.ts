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
import { type Member } from './member.ts'
import {
  viewpoint,
  type MembershipEffect,
  type MembershipState,
  type Moment,
  type Step,
} from './membership-state.ts'
import type { Dot } from './member-record.ts'
import { statusRank } from './member-status.ts'

/** A node that is no member yet just stops; a member is on its way out, and this cannot be undone. */
export function requestLeave(state: MembershipState, node: NodeIdentity): Step {
  if (state.phase.type === 'joining') return stop(state, 'left')
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
  const enoughMembers =
    own.filter(({ status }) => statusRank(status) < statusRank('leaving')).length >=
    settings.minMembers
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
  if (state.phase.type === 'joining' || state.phase.type === 'stopped') return [state, []]
  const self = state.cluster.member(state.self)
  if (!self) return stop(state, state.phase.type === 'exiting' ? 'left' : 'removed')
  if (self.status === 'down') return stop(state, 'downed')
  if (self.status === 'exiting' && state.phase.type === 'member') {
    const giveUpAt = moment.now + state.settings.leaveTimeoutMs
    return [
      { ...state, phase: { type: 'exiting', tasksDone: false, giveUpAt } },
      [{ type: 'run-exit-tasks' }],
    ]
  }
  return [state, []]
}

/** Ends this node's part: what it still knows is kept for those who ask, nothing is sent any more. */
export function stop(state: MembershipState, reason: 'downed' | 'removed' | 'left'): Step {
  if (state.phase.type === 'stopped') return [state, []]
  const pace = { ...state.pace, nextAt: Number.POSITIVE_INFINITY }
  return [{ ...state, pace, phase: { type: 'stopped', reason } }, [{ type: 'stop', reason }]]
}

/** The exit tasks are done: says so to a few who may lead, and counts it for itself. */
export function confirmExit(state: MembershipState): Step {
  if (state.phase.type !== 'exiting' || state.phase.tasksDone) return [state, []]
  const told = state.cluster.members
    .filter(({ key, status }) => key !== state.self.key && status !== 'down')
    .toSorted((left, right) => (left.upNumber ?? Infinity) - (right.upNumber ?? Infinity))
    .slice(0, 5)
  const exitingConfirmed = new Set(state.exitingConfirmed).add(state.self.key)
  return [
    { ...state, exitingConfirmed, phase: { ...state.phase, tasksDone: true } },
    told.map(({ node }) => ({
      type: 'send',
      to: node,
      message: { type: 'exiting-confirmed', node: state.self },
    })),
  ]
}

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
