// Who does not tell of its regions, and why: as soon as it is known that no answer can come, nobody waits for it.
import type { EndpointEvent, NodeIdentity } from '@casty/transport'
import type { ViewMember } from '../core/view.ts'

/**
 * Why a member has not told: the question could not be sent, for the queue to it was full (`not-sent`); the connection to
 * it broke, or could not be made, with what waited for it (`lost`); it is unreachable, and not connected; it is no member
 * any more (`gone`); it told of more than 4,096 regions (`malformed`); or the time was over (`silent`).
 */
export type MissingReason = 'not-sent' | 'lost' | 'unreachable' | 'gone' | 'malformed' | 'silent'

/** A member that did not tell. */
export interface MissingRegions {
  readonly node: NodeIdentity
  readonly reason: MissingReason
}

/** Whether frames to that node, or its answers, are lost by what happened to a connection. */
export function isLostBy(event: EndpointEvent, node: NodeIdentity, isConnected: boolean): boolean {
  switch (event.type) {
    case 'lane-closed':
      return event.peer.equals(node) && event.lane === 'data' && event.lostFrames > 0
    case 'dial-failed': {
      if (!event.address.equals(node.address)) return false
      // Nobody listens there: the process is gone, with whatever it had not answered.
      return event.failure === 'refused' || (event.lane === 'data' && event.lostFrames > 0)
    }
    case 'dial-refused': {
      if (!event.address.equals(node.address)) return false
      const isClosing = event.refusal.reason === 'closing' && !isConnected
      return isClosing || (event.lane === 'data' && event.lostFrames > 0)
    }
    default: // What opens and drains concerns nobody here.
      return false
  }
}

/** What the members say of one that was asked; undefined where it may answer. */
export function whyNot(
  node: NodeIdentity,
  view: readonly ViewMember[],
  isConnected: boolean,
): MissingReason | undefined {
  const member = view.find(({ node: { key } }) => key === node.key)
  if (member === undefined || member.status === 'down') return 'gone'
  return member.isReachable || isConnected ? undefined : 'unreachable'
}
