import type { ClusterState, NodeIdentity } from '@casty/membership'

/** Whether that life of a node is over, as far as this node knows: it will never be a member again. */
export function isOver(state: ClusterState, node: NodeIdentity): boolean {
  if (state.tombstones.has(node)) return true
  const member = state.member(node.address)
  if (!member || member.incarnation < node.incarnation) return false // It may be yet to come.
  return member.incarnation > node.incarnation || member.status === 'down'
}
