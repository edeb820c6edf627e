// Clusters of which a vector tells only the statuses, by name, and who is unreachable.
import { VectorClock } from '@casty/clock'
import {
  ClusterState,
  Member,
  memberStatuses,
  NodeAddress,
  NodeIdentity,
  Reachability,
  type MemberStatus,
} from '@casty/membership'
import { entriesOf, oneOf, textsOf, type JsonObject } from './json.ts'

/** Members by name, the removed ones among them, and who is unreachable. */
export interface StatusView {
  readonly statuses: ReadonlyMap<string, MemberStatus>
  readonly unreachable: ReadonlySet<string>
}

export function statusViewOf(data: JsonObject): StatusView {
  const statuses = entriesOf(data['members'], 'members').map(
    ([name, status]) => [name, oneOf(status, memberStatuses, name)] as const,
  )
  return {
    statuses: new Map(statuses),
    unreachable: new Set(textsOf(data['unreachable'] ?? [], 'unreachable')),
  }
}

/** The address that a name stands for: itself, where it reads `host:port`. */
export function addressOf(name: string): NodeAddress {
  const bare = name.slice(name.lastIndexOf('@') + 1)
  return /:\d+$/.test(bare) ? NodeAddress.parse(bare) : NodeAddress.of(bare, 1)
}

/**
 * A state that everybody in it has seen. A removed member is not in it. One that is unreachable was
 * found so by a member that is reachable, or, where there is none, by itself.
 */
export function clusterOfStatuses({ statuses, unreachable }: StatusView): ClusterState {
  // Each is known by the name that the vector gave it.
  const members = [...statuses]
    .filter(([, status]) => status !== 'removed')
    .map(([id, status]) => Member.of({ node: NodeIdentity.of(addressOf(id), 1), id, status }))
  const observer = members.find(({ status, id }) => status !== 'down' && !unreachable.has(id))
  const reachability = members
    .filter(({ id }) => unreachable.has(id))
    .reduce(
      (table, subject) => table.unreachable((observer ?? subject).key, subject.key),
      Reachability.empty,
    )
  const [author] = members
  if (!author) return ClusterState.empty
  const dot = { node: author.key, counter: 1 }
  return ClusterState.empty.with({
    records: new Map(members.map((member) => [member.address.toString(), { member, dot }])),
    reachability,
    rowCounters: new Map(members.map(({ key }) => [key, 1])),
    version: VectorClock.of({ [author.key]: 1 }),
    seen: new Set(members.map(({ key }) => key)),
  })
}
