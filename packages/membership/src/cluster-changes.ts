import type { ClusterState } from './cluster-state.ts'
import { isActive, type Member } from './member.ts'
import { memberChanges } from './member-changes.ts'

/** What changed between two states: what a listener that compares needs. */
export interface ClusterChanges {
  /** Members that are new, or new incarnations. */
  readonly joined: readonly Member[]
  /** Members that are no longer active, or no longer there: downed, exiting, removed, replaced. */
  readonly removed: readonly Member[]
  readonly leader: Member | undefined
  /** The leader is another one than before. */
  readonly justElected: boolean
  /** False when nothing of this changed. */
  readonly any: boolean
}

export function changesBetween(before: ClusterState, after: ClusterState): ClusterChanges {
  const changes = memberChanges(before.members, after.members)
  const joined = changes.flatMap(([was, is]) => (!was && is && isActive(is) ? [is] : []))
  const removed = changes.flatMap(([was, is]) =>
    was && isActive(was) && !(is && isActive(is)) ? [was] : [],
  )
  const leader = after.leader
  const justElected = leader !== undefined && leader.key !== before.leader?.key
  return {
    joined,
    removed,
    leader,
    justElected,
    any: joined.length > 0 || removed.length > 0 || justElected,
  }
}

/** Whether two states say the same, their dots left out. */
export function saySame(left: ClusterState, right: ClusterState): boolean {
  return (
    left.clusterId === right.clusterId &&
    left.version.equals(right.version) &&
    left.members.length === right.members.length &&
    left.members.every((member, index) => right.members[index]?.equals(member) === true) &&
    left.tombstones.equals(right.tombstones) &&
    left.reachability.equals(right.reachability) &&
    left.seenDigest === right.seenDigest &&
    left.allocations.digest === right.allocations.digest &&
    left.registry.digest === right.registry.digest &&
    left.evictions.digest === right.evictions.digest
  )
}
