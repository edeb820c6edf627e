// What the nodes of a world were told, in short forms that fit a line of a test.
import type { ClusterEvent, MemberEvent } from '@casty/membership'
import type { WorldNode } from './cluster-world.ts'

/** What happened to members, in order: `'b.up'`. */
export function memberEvents(node: Pick<WorldNode, 'events'>, host?: string): readonly string[] {
  return node.events.flatMap((event) => {
    if (!isMemberEvent(event) || (host !== undefined && event.member.address.host !== host))
      return []
    return [`${event.member.address.host}.${event.type.slice('member-'.length)}`]
  })
}

/** Events of one type that a node published, as far as it was subscribed from the start. */
export function eventsOf<Type extends ClusterEvent['type']>(
  node: Pick<WorldNode, 'events'>,
  type: Type,
): readonly Extract<ClusterEvent, { type: Type }>[] {
  const isOfType = (event: ClusterEvent): event is Extract<ClusterEvent, { type: Type }> =>
    event.type === type
  return node.events.filter(isOfType)
}

const memberEventTypes: ReadonlySet<string> = new Set([
  'member-joined',
  'member-weakly-up',
  'member-up',
  'member-left',
  'member-exited',
  'member-downed',
  'member-removed',
])

export function isMemberEvent(event: ClusterEvent): event is MemberEvent {
  return memberEventTypes.has(event.type)
}
