import type { ClusterState, Member, NodeIdentity } from '@casty/membership'

/** What sharding needs to know of a member. */
export interface ViewMember {
  readonly node: NodeIdentity
  readonly status: Member['status']
  readonly upNumber: number | undefined
  readonly isReachable: boolean
}

/** The members of one data center, by address, as a node knows them. */
export function viewOf(state: ClusterState, dataCenter: string): readonly ViewMember[] {
  const { unreachable } = state
  const members = state.dataCenters.get(dataCenter)?.members ?? []
  return members.map(({ node, status, upNumber, key }) => ({
    node,
    status,
    upNumber,
    isReachable: !unreachable.has(key),
  }))
}

/** Whether two views say the same: then nothing need be told of the second. */
export function sameView(left: readonly ViewMember[], right: readonly ViewMember[]): boolean {
  return (
    left.length === right.length &&
    left.every((member, index) => {
      const other = right[index]
      return (
        other !== undefined &&
        member.node.key === other.node.key &&
        member.status === other.status &&
        member.upNumber === other.upNumber &&
        member.isReachable === other.isReachable
      )
    })
  )
}

/** Whether a member may run shards that it has: until it is gone, downed, or not up yet. */
export function mayRun({ status }: ViewMember): boolean {
  return status === 'up' || status === 'leaving' || status === 'exiting'
}
