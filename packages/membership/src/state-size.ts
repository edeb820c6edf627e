import { VectorClock } from '@casty/clock'
import type { ClusterState } from './cluster-state.ts'
import { encodeMessage } from './codec.ts'
import { gossipFor } from './gossip.ts'
import type { MembershipSettings } from './membership-state.ts'

/** To find out how large a state is costs as much as to tell it: it is asked once in so many nodes. */
const nodesPerQuestion = 64

/** What it takes to tell somebody who knows nothing, in bytes. */
export function bytesToTell(cluster: ClusterState): number {
  return encodeMessage({ type: 'welcome', gossip: gossipFor(cluster, VectorClock.empty) }).length
}

/**
 * Whether so many came in that nobody could be told any more. Members let others in while the state takes
 * half a frame; sides that did so apart from each other may come to more together, but not to a whole one.
 */
export function outgrowsFrames(
  before: ClusterState,
  after: ClusterState,
  { maxStateBytes }: MembershipSettings,
): boolean {
  if (maxStateBytes === undefined || questions(before) >= questions(after)) return false
  return bytesToTell(after) > 2 * maxStateBytes
}

function questions({ records, tombstones }: ClusterState): number {
  return Math.floor((records.size + tombstones.size) / nodesPerQuestion)
}
