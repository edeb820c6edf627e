import { VectorClock } from '@casty/clock'
import type { ClusterState } from './cluster-state.ts'
import { encodeMessage } from './codec.ts'
import { gossipFor, type Gossip } from './gossip.ts'
import type { MembershipState } from './membership-state.ts'

/** What makes a state larger may take less than this as news, where that builds on what is known: so many times less at most. */
const growthOfNews = 2

/** What it takes to tell somebody who knows nothing, in bytes. */
export function bytesToTell(cluster: ClusterState): number {
  return encodeMessage({ type: 'welcome', gossip: gossipFor(cluster, VectorClock.empty) }).length
}

/**
 * How much more may come in before the size is found out again, which costs as much as to tell the state; undefined where so
 * much came in that nobody could be told any more. Members let others in while the state takes half a frame; sides
 * that did so apart from each other may come to more together, but not to a whole one.
 *
 * @param merged - the state with that gossip
 */
export function roomAfter(
  { cluster, settings: { maxStateBytes }, roomBytes }: MembershipState,
  merged: ClusterState,
  gossip: Gossip,
): number | undefined {
  if (maxStateBytes === undefined || merged === cluster) return roomBytes
  const news: Gossip = { ...gossip, since: cluster.version }
  const left = roomBytes - growthOfNews * encodeMessage({ type: 'gossip', gossip: news }).length
  if (left >= 0) return left
  const room = 2 * maxStateBytes - bytesToTell(merged)
  return room < 0 ? undefined : room
}
