// What the leader decides over others, and for how long the view keeps it from deciding.
import { NodeIdentity, type NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import {
  electLeader,
  isConverged,
  nextStatus,
  statusAfterDown,
  unreachableFrom,
  withUpNumbers,
} from './leader.ts'
import type { Member } from './member.ts'
import { statusRank } from './member-status.ts'
import { viewpoint, type MembershipState, type Moment } from './membership-state.ts'

/** Downs members, whoever asks for it: no leader and no convergence is needed. */
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
  const own = cluster.dataCenters.get(settings.dataCenter)?.members ?? []
  const unreachable = unreachableFrom(cluster, viewpoint(state))
  // Who is down already, and not to be reached here, is gone: it may run on, when it has given us up as
  // well, and answer those of us whom it does not know.
  const outOfReach = new Set<string>(cluster.reachability.unreachableFrom(self.key))
  const mayRise = own.filter(({ status }) => statusRank(status) < statusRank('leaving'))
  // Joiners need not see a view for it to converge, but before they are numbered they must: one of
  // them may alone know of a number that an earlier leader gave before it died.
  const joinersSaw = mayRise.every(({ key }) => cluster.seen.has(key) || unreachable.has(key))
  const enoughMembers = joinersSaw && mayRise.length >= settings.minMembers
  const decided = own.map((member) => {
    const exitingConfirmed = state.exitingConfirmed.has(member.key)
    const context = {
      converged: true,
      unreachable:
        unreachable.has(member.key) || (member.status === 'down' && outOfReach.has(member.key)),
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
  const gone = [
    ...becoming('removed').map((member) => member.node),
    ...abandonedNodes(cluster, settings.dataCenter),
    ...formerNodes(cluster),
  ]
  return cluster.mergeMembers(moved, self).removeMembers(gone, moment.wallNow, self)
}

/**
 * Who still counts in the version and is no member: earlier incarnations of members above all. All
 * have seen what they told, so they can be forgotten.
 */
function formerNodes(cluster: ClusterState): readonly NodeIdentity[] {
  const found: NodeIdentity[] = []
  for (const [key] of cluster.version.unordered()) {
    // Every entry of a membership version is named by a node key.
    if (!cluster.membersByKey.has(key as NodeKey)) found.push(NodeIdentity.parse(key))
  }
  return found
}

/**
 * Members of other data centers that have no leader left to remove them: everybody there is down, or
 * went out of reach while it was exiting.
 */
function abandonedNodes(cluster: ClusterState, own: string): readonly NodeIdentity[] {
  if (cluster.dataCenters.size <= 1) return []
  const isOver = ({ status, key }: Member): boolean =>
    status === 'down' || (status === 'exiting' && cluster.unreachable.has(key))
  return [...cluster.dataCenters.values()]
    .filter(({ name, members }) => name !== own && members.every(isOver))
    .flatMap(({ members }) => members.map(({ node }) => node))
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
