import type { Cluster, ClusterEvent, Member } from '@casty/membership'
import { isSbrExplanation } from '@casty/sbr'
import type { MemberName, NodeEvent, NodeView, PendingDecision } from './protocol.ts'

/** How the cluster looks to this node now, as plain data. */
export function viewOf(cluster: Cluster, sentBytesPerSecond: number): NodeView {
  const { members, unreachable, membersByKey } = cluster.getState()
  const { leader, converged, watched, downing } = cluster.explain()
  return {
    members: members.map((member) => ({
      ...nameOf(member),
      status: member.status,
      upNumber: member.upNumber,
      reachable: !unreachable.has(member.key),
    })),
    leader: leader === undefined ? undefined : membersByKey.get(leader)?.id,
    converged,
    suspicions: watched.flatMap(({ peer, phi, evidence }) => {
      const member = membersByKey.get(peer)
      return member ? [{ ...nameOf(member), phi, refused: evidence === 'refused' }] : []
    }),
    sentBytesPerSecond,
    decision: pendingDecision(downing),
  }
}

function pendingDecision(downing: object | undefined): PendingDecision | undefined {
  if (!isSbrExplanation(downing)) return undefined
  const { undecided, decidesInMs, isResponsible } = downing
  if (undecided.length === 0 || decidesInMs === undefined) return { type: 'none' }
  return isResponsible ? { type: 'own', inMs: decidesInMs } : { type: 'of-leader' }
}

/** The event as plain data; undefined for what the demo has no use for. */
export function eventOf(cluster: Cluster, event: ClusterEvent): NodeEvent | undefined {
  switch (event.type) {
    case 'member-joined':
    case 'member-weakly-up':
    case 'member-up':
    case 'member-left':
    case 'member-exited':
    case 'member-downed':
    case 'member-removed':
    case 'member-unreachable':
    case 'member-reachable':
      return { type: event.type, member: nameOf(event.member) }
    case 'link-fault': {
      const { membersByKey } = cluster.getState()
      const reachedVia = membersByKey.get(event.reachedVia)?.id ?? event.reachedVia
      return { type: event.type, member: nameOf(event.subject), reachedVia }
    }
    case 'link-restored':
      return { type: event.type, member: nameOf(event.subject) }
    case 'leader-changed':
      return { type: event.type, leader: event.to?.id }
    case 'convergence-changed':
      return { type: event.type, converged: event.converged }
    case 'join-refused':
      return { type: event.type, contact: event.contact, detail: event.detail }
    case 'self-downed':
      return { type: event.type }
    case 'cluster-shutting-down':
      return { type: event.type, reason: event.reason }
    default: // The state, which comes as a view; role leaders, of which there are none here.
      return undefined
  }
}

function nameOf({ id, incarnation }: Member): MemberName {
  return { name: id, incarnation }
}
