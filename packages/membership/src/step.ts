// The protocol of one node as a pure function: an event comes in with the time and a draw, the new
// state and what is to be done about it come out. `Cluster` is the shell around it, the simulator
// another. After each event the same things are settled, in one order, whatever the event was.
import type { NodeIdentity } from '@casty/transport'
import { admit } from './admission.ts'
import { enter, outgrow, refused, reincarnated } from './answers-to-joiner.ts'
import { eventsBetween, isMemberEvent } from './events.ts'
import { receiveNews, receiveRequest, receiveSeen, receiveStatus } from './exchange.ts'
import { downForbidden, forbiddenBy, receiveEvictions, receiveEvictionsStatus } from './evicting.ts'
import { crossRound, hastenAcross } from './cross-gossip.ts'
import { forgetOutOfSight } from './cross-sight.ts'
import { farewells, forgetGone } from './farewells.ts'
import { gossipRound, hasten, meetSuccessor } from './gossip-round.ts'
import { contactFailed, joiningDue, outlivedBy, start, startRound } from './joining.ts'
import { leaderActions, requestDown, watchConvergence } from './leader-actions.ts'
import {
  confirmExit,
  exitConfirmed,
  heedOwnStatus,
  leavingOverdue,
  refusedAsRemoved,
  requestLeave,
} from './life-cycle.ts'
import {
  viewpoint,
  type MembershipEffect,
  type MembershipEvent,
  type MembershipState,
  type Moment,
  type Step,
} from './membership-state.ts'
import type { MembershipMessage } from './messages.ts'
import type { ReachabilityStatus } from './reachability.ts'
import { rivalMet } from './rivals.ts'
import { noteTold } from './rush.ts'
import { receiveSections, receiveSectionsRequest } from './sections.ts'
import { forgetOldTombstones, noteTombstones, withTombstoneAges } from './tombstone-ages.ts'

/** One event of one node. Never throws on anything that a peer or the network can cause. */
export function step(state: MembershipState, event: MembershipEvent): Step {
  if (state.phase.type === 'stopped') return [state, []]
  const [next, effects] = handle(state, event)
  if (next === state && effects.length === 0) return [state, []]
  return settle(state, next, effects, event)
}

function handle(state: MembershipState, event: MembershipEvent): Step {
  switch (event.type) {
    case 'started':
      return start(state, event.bootstrap, event)
    case 'contacts-resolved':
      return startRound(state, event.contacts, event)
    case 'contact-failed':
      return contactFailed(state, event.contact, event.outcome, event)
    case 'outlived':
      return state.phase.type === 'joining'
        ? outgrow(state, event.contact, event.knownIncarnation, event)
        : refusedAsRemoved(state, event)
    case 'forbidden-by':
      return forbiddenBy(state, event.node)
    case 'reincarnated':
      return reincarnated(state, event.self, event)
    case 'message-received':
      return receive(state, event.from, event.message, event)
    case 'node-observed':
      // Its link is no worse than others from then on, or it is told nothing anyway.
      return [observe(observeLink(state, event.subject, false), event.subject, event.status), []]
    case 'link-observed':
      return [observeLink(state, event.subject, event.isBad), []]
    case 'rival-met':
      return rivalMet(state, event.node)
    case 'successor-met':
      return [state, meetSuccessor(state, event.node)]
    case 'doubts-changed':
      return [withCluster(state, state.cluster.markDoubtful(state.self, event.doubtful)), []]
    case 'leave-requested':
      return requestLeave(state, event.node)
    case 'down-requested':
      return [requestDown(state, event.nodes), []]
    case 'exit-tasks-done':
      return confirmExit(state, event)
    case 'sections-changed':
      return [withCluster(state, event.cluster(state.cluster)), []]
    case 'deadline-reached':
      return deadline(state, event)
  }
}

function receive(
  state: MembershipState,
  from: NodeIdentity,
  message: MembershipMessage,
  moment: Moment,
): Step {
  if (message.type === 'join') return admit(state, from, message, moment)
  if (message.type === 'welcome') return enter(state, from, message.gossip, moment)
  if (message.type === 'join-refused') {
    return refused(state, from, message.reason, message.knownIncarnation, moment)
  }
  if (state.phase.type === 'joining') return [state, [{ type: 'drop', reason: 'still-joining' }]]
  return receiveAsMember(state, from, message, moment)
}

type BetweenMembers = Exclude<MembershipMessage, { type: 'join' | 'welcome' | 'join-refused' }>

/** Between members. Who is removed or replaced here is not heard; who is not known yet may be. */
function receiveAsMember(
  state: MembershipState,
  from: NodeIdentity,
  message: BetweenMembers,
  moment: Moment,
): Step {
  if (outlivedBy(state.cluster, from) !== undefined) {
    return [state, [{ type: 'drop', reason: 'gone-sender' }]]
  }
  return receiveFrom(observeLink(state, from, false), from, message, moment)
}

function receiveFrom(
  state: MembershipState,
  from: NodeIdentity,
  message: BetweenMembers,
  moment: Moment,
): Step {
  switch (message.type) {
    case 'gossip-status':
      return receiveStatus(state, from, message)
    case 'gossip-request':
      return receiveRequest(state, from, message)
    case 'gossip':
      return receiveNews(state, from, message.gossip, moment)
    case 'seen':
      return receiveSeen(state, from, message)
    case 'sections-request':
      return receiveSectionsRequest(state, from, message)
    case 'sections':
      return receiveSections(state, from, message, moment)
    case 'evictions-status':
      return receiveEvictionsStatus(state, from, message)
    case 'evictions':
      return receiveEvictions(state, from, message, moment)
    case 'not-yours':
      return [observe(state, from, 'terminated'), []]
    case 'exiting-confirmed':
      return [message.node.equals(from) ? exitConfirmed(state, from) : state, []]
  }
}

function observe(
  state: MembershipState,
  subject: NodeIdentity,
  status: ReachabilityStatus,
): MembershipState {
  const { cluster, self } = state
  switch (status) {
    case 'reachable':
      return withCluster(state, cluster.markReachable(subject, self))
    case 'unreachable':
      return withCluster(state, cluster.markUnreachable(subject, self))
    case 'refused':
      return withCluster(state, cluster.markRefused(subject, self))
    case 'terminated':
      return withCluster(state, cluster.markTerminated(subject, self))
  }
}

/** Whoever joins, or was removed, is none of the peers. */
function observeLink(
  state: MembershipState,
  { key }: NodeIdentity,
  isBad: boolean,
): MembershipState {
  if (state.badLinks.has(key) === isBad || !state.cluster.membersByKey.has(key)) return state
  const badLinks = new Set(state.badLinks)
  if (isBad) badLinks.add(key)
  else badLinks.delete(key)
  return { ...state, badLinks }
}

function withCluster(state: MembershipState, cluster: MembershipState['cluster']): MembershipState {
  return cluster === state.cluster ? state : { ...state, cluster }
}

function deadline(state: MembershipState, moment: Moment): Step {
  const { phase } = state
  if (phase.type === 'joining')
    return moment.now >= phase.nextAt ? joiningDue(state, phase, moment) : [state, []]
  if (phase.type === 'leaving' && moment.now >= phase.giveUpAt) return leavingOverdue(state, phase)
  const aged = forgetOldTombstones(state, moment)
  // A new instance even where nothing is due: that the time has come may let the leader act.
  const home: Step = moment.now >= state.pace.nextAt ? gossipRound(aged, moment) : [{ ...aged }, []]
  if (moment.now < state.crossPace.nextAt) return home
  const [next, effects] = crossRound(home[0], moment)
  return [next, [...home[1], ...effects]]
}

/** What follows from every event: own status, leader, pace of gossip, events for subscribers. */
function settle(
  before: MembershipState,
  after: MembershipState,
  effects: readonly MembershipEffect[],
  moment: Moment,
): Step {
  const all = [...effects]
  let state = after
  if (state.cluster.members.length > 0) {
    state = withCluster(state, state.cluster.adoptOrphans(state.self))
    state = withCluster(state, forgetOutOfSight(state).markSeen([state.self.key]))
    state = downForbidden(state)
    state = untilStable(watchConvergence(state, moment), (current) =>
      leaderActions(current, moment),
    )
    state = watchConvergence(noteTombstones(forgetGone(before.cluster, state), moment), moment)
    all.push(...farewells(before.cluster, state))
  }
  const [heeded, consequences] = heedOwnStatus(state, moment)
  const views = { before: viewpoint(before), after: viewpoint(heeded) }
  const between = eventsBetween(before.cluster, heeded.cluster, views.after, views.before)
  // Whoever was decided against has no vote any more: who is in reach, and leads, is not for it to say.
  const isOver = heeded.phase.type === 'stopped' && heeded.phase.reason !== 'left'
  const events = isOver ? between.filter(isMemberEvent) : between
  all.push(...events.map((event) => ({ type: 'publish', event }) as const), ...consequences)
  const settled =
    heeded.phase.type === 'stopped'
      ? heeded
      : hastenAcross(before, hasten(before, noteTold(heeded, all, moment), moment), moment)
  return [settled, withTombstoneAges(settled, all, moment)]
}

/** A leader alone converges with itself: what it decides may allow the next decision at once. */
function untilStable(
  state: MembershipState,
  act: (state: MembershipState) => MembershipState,
): MembershipState {
  let current = state
  for (let next = act(current); next !== current; next = act(current)) current = next
  return current
}

/** When the node must be given a `deadline-reached`, on the monotonic clock. */
export function nextDeadline(state: MembershipState): number {
  const across = state.phase.type === 'stopped' ? Number.POSITIVE_INFINITY : state.crossPace.nextAt
  return Math.min(deadlineAtHome(state), across)
}

/** The same, but for what is due to other data centers. */
function deadlineAtHome(state: MembershipState): number {
  const { phase, pace, convergence } = state
  switch (phase.type) {
    case 'joining':
      return phase.nextAt
    case 'member':
      return convergence.type === 'waiting'
        ? Math.min(pace.nextAt, convergence.overdueAt)
        : pace.nextAt
    case 'leaving':
      return Math.min(pace.nextAt, phase.giveUpAt)
    case 'stopped':
      return Number.POSITIVE_INFINITY
  }
}
