// Two sides of one cluster that gave each other up: both were downed by hand during a partition, or by a
// strategy that both satisfied. Neither dials the other any more, so they would stay two clusters for
// good; and were they simply to merge, each would learn that it was removed, and nobody would be left.
// So they look for each other, and one side gives way: the one whose oldest member is younger, or, of two
// data centers that number their own, has the higher address. Neither ever changes, so both sides come to
// the same answer whenever they meet. Where all of both sides were started anew meanwhile, nobody was given
// up by the other: whoever answers there is told of the cluster, and they merge (see `meetSuccessor`). Where
// all of one side were, and none of the other, they stay two: those who are new refuse the old ones,
// who cannot tell them.
//
// See Serf, which reconnects to failed members, for looking at all (serf/reconnect_timeout); Akka leaves
// such clusters apart.
import { NodeIdentity, type NodeKey } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import type { Gossip } from './gossip.ts'
import { electLeader, statusAfterDown } from './leader.ts'
import { requestDown } from './leader-actions.ts'
import { isActive, oldest } from './member.ts'
import {
  viewpoint,
  type MembershipEffect,
  type MembershipState,
  type Step,
} from './membership-state.ts'

/** A leader looks for an older side about this often, in milliseconds. */
const lookEveryMs = 5_000

/** Whether a node was downed here, or removed though it had not left. */
export function isGivenUp(cluster: ClusterState, node: NodeIdentity): boolean {
  if (cluster.member(node)?.status === 'down') return true
  const tombstone = cluster.tombstones.get(node.address.toString())
  return tombstone?.node.equals(node) === true && !tombstone.left
}

/** A node that our side gave up says the same of us. The younger side downs itself, as a whole. */
export function rivalMet(state: MembershipState, node: NodeIdentity): Step {
  const { cluster, phase } = state
  if (phase.type === 'joining' || !isGivenUp(cluster, node)) return [state, []]
  const met = cluster.member(node) ?? cluster.tombstones.get(node.address.toString())
  const goesOn = met && isOlder(met, oldestOf(cluster)) ? 'their-side' : 'our-side'
  const event: MembershipEffect = { type: 'publish', event: { type: 'rival-met', node, goesOn } }
  if (goesOn === 'our-side') return [state, [event]]
  const ours = cluster.members.filter(({ status }) => statusAfterDown(status) !== undefined)
  return [
    requestDown(
      state,
      ours.map((member) => member.node),
    ),
    [event],
  ]
}

/**
 * Whether gossip comes from a side that gave ours up, and that ours gave up: merged, it would remove
 * both. The sender is none of our active members, tells that one of them is gone, and still counts
 * somebody whom we know to be gone.
 */
export function isOfRivalSide(cluster: ClusterState, from: NodeIdentity, gossip: Gossip): boolean {
  const sender = cluster.member(from)
  if (sender && isActive(sender)) return false
  const countsTheGone =
    sender?.status === 'down' ||
    [...gossip.version.unordered()].some(([key]) => isRemoved(cluster, key as NodeKey)) // Looked up.
  return countsTheGone && givesUpOneOf(cluster, gossip)
}

function isRemoved({ tombstones }: ClusterState, key: NodeKey): boolean {
  return tombstones.size > 0 && tombstones.hasKey(key)
}

function givesUpOneOf(cluster: ClusterState, { records, tombstones }: Gossip): boolean {
  const downed = records
    .filter(({ member }) => member.status === 'down')
    .map(({ member }) => member)
  return [...downed, ...tombstones].some(({ node }) => {
    const member = cluster.member(node)
    if (member === undefined || !isActive(member)) return false
    // Whose life is known to be over here as well nobody loses: its successor may be on their side. So two
    // data centers meet again of which all were started anew while they were cut apart.
    return cluster.reachability.statusOf(member.key) !== 'terminated'
  })
}

/**
 * Has the leader, and the oldest member, dial, now and then, one of those who were given up and were
 * members for longer than anybody who is left: if such a one lives, its side goes on and ours does not.
 * Nobody looks where the oldest of all is on our side: it is for the others to find us. They do not know
 * a leader that was started since; the oldest they do.
 */
export function lookForRivals(
  state: MembershipState,
  draw: () => number,
): readonly MembershipEffect[] {
  const { cluster, self, settings } = state
  if (cluster.tombstones.size === 0 || draw() >= settings.gossipIntervalMs / lookEveryMs) return []
  const before = oldestOf(cluster)
  const looking = [electLeader(cluster, viewpoint(state))?.node, before?.node]
  if (!looking.some((node) => node?.equals(self))) return []
  const older = [...cluster.tombstones.values()].filter(
    (tombstone) =>
      !tombstone.left && isOlder(tombstone, before) && !cluster.member(tombstone.node.address),
  )
  const chosen = older[Math.floor(draw() * older.length)]
  return chosen ? [{ type: 'dial', address: chosen.node.address }] : []
}

/** What two nodes are compared by that may never have been members of one view. */
interface Aged {
  readonly node: NodeIdentity
  readonly upNumber?: number | undefined
}

/** By age, then by address: each data center numbers its own members. A total order. */
function isOlder(left: Aged, right: Aged | undefined): boolean {
  if (!right) return true
  const [own, other] = [left.upNumber ?? Infinity, right.upNumber ?? Infinity]
  return own === other ? NodeIdentity.compare(left.node, right.node) < 0 : own < other
}

function oldestOf({ members }: ClusterState): Aged | undefined {
  return oldest(members.filter(isActive))
}
