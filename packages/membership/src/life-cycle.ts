// What a node does about decisions over itself: how it leaves, and how it stops.
import { VectorClock } from '@casty/clock'
import type { NodeIdentity } from '@casty/transport'
import { envoysOf } from './envoys.ts'
import type { StopReason } from './events.ts'
import { gossipFor } from './gossip.ts'
import { leadingOrder, statusAfterLeave } from './leader.ts'
import type { Member } from './member.ts'
import { authorOf } from './member-record.ts'
import type {
  LeavingPhase,
  MembershipEffect,
  MembershipState,
  Moment,
  Step,
} from './membership-state.ts'
import { gossipTo } from './sending.ts'

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

/** Draws the consequences of what the cluster decided over this node. */
export function heedOwnStatus(state: MembershipState, moment: Moment): Step {
  const { phase, cluster, settings } = state
  if (phase.type === 'joining' || phase.type === 'stopped') return [state, []]
  const self = cluster.member(state.self)
  if (!self) return stopRemoved(state, phase.type === 'leaving' ? 'left' : 'removed')
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
  const { cluster, self } = state
  const isEvicted = cluster.evictions.hasAddress(self.address)
  const [stopped, effects] = stop(state, isEvicted ? 'forbidden' : 'downed')
  if (authorOf(cluster.records, self) !== self.key) return [stopped, effects]
  const atHome = nextInLine(state)
  return [stopped, [...lastWords(state, atHome.length > 0 ? atHome : elsewhere(state)), ...effects]]
}

/**
 * Stops; where this node let itself go, others do not know yet: those who are on their way out as well, and have
 * nobody else left to let them go, or other data centers, of whose own this was the last.
 */
function stopRemoved(state: MembershipState, reason: 'left' | 'removed'): Step {
  const { cluster, self } = state
  const isEvicted = reason === 'removed' && cluster.evictions.hasAddress(self.address)
  const [stopped, effects] = stop(state, isEvicted ? 'forbidden' : reason)
  const isOwnDecision = authorOf(cluster.tombstones, self) === self.key
  if (!isOwnDecision) return [stopped, effects]
  return [stopped, [...lastWords(state, [...nextInLine(state), ...elsewhere(state)]), ...effects]]
}

/**
 * Others refuse this node, as one whose life is over. Was that all that it still waited for, then it has
 * left, and the word of whoever let it go was lost or is late; else they decided against it.
 */
export function refusedAsRemoved(state: MembershipState, { wallNow }: Moment): Step {
  const { phase, cluster, self } = state
  const hasLeft = phase.type === 'leaving' && phase.tasks === 'done'
  return hasLeft
    ? [{ ...state, cluster: cluster.removeMembers([self], wallNow, self) }, []]
    : stop(state, 'removed')
}

function lastWords(
  { cluster, known }: MembershipState,
  to: readonly Member[],
): readonly MembershipEffect[] {
  return to.map(({ node }) =>
    gossipTo(node, gossipFor(cluster, known.get(node.key) ?? VectorClock.empty)),
  )
}

/** Who keeps the other data centers in touch. */
function elsewhere({ cluster, settings }: MembershipState): readonly Member[] {
  return [...cluster.dataCenters.keys()]
    .filter((name) => name !== settings.dataCenter)
    .flatMap((name) => envoysOf(cluster, name))
}

/** A few members of this data center that lead now, or will when others are gone. */
function nextInLine(state: MembershipState): readonly Member[] {
  const { cluster, self, settings } = state
  return (cluster.dataCenters.get(settings.dataCenter)?.members ?? [])
    .filter(({ key, status }) => key !== self.key && status !== 'down')
    .toSorted(leadingOrder(settings.leaderOrder))
    .slice(0, 5)
}

/** Ends this node's part: what it still knows is kept for those who ask, nothing is sent any more. */
export function stop(state: MembershipState, reason: StopReason): Step {
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
