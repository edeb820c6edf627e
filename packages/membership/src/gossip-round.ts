// Who is told, and when. While not everybody of its data center is known to have seen this node's view
// it gossips soon, to those who have not; else once an interval. Other data centers: cross-gossip.ts.
import type { NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import { evictionsStatus } from './evicting.ts'
import { candidatesWithin } from './gossip-targets.ts'
import { gossipFor } from './gossip.ts'
import { isActive, type Member } from './member.ts'
import {
  drawsOf,
  type MembershipEffect,
  type MembershipState,
  type Moment,
  type Step,
} from './membership-state.ts'
import type { MembershipMessage } from './messages.ts'
import { lookForRivals } from './rivals.ts'
import { afterRound, fanoutOf, isRush, patience } from './rush.ts'
import { gossipTo, sendTo } from './sending.ts'

/** How often those who have not seen the view are preferred as targets, where there are others. */
const preferUnseen = 0.8

/** One round: a few peers are told what they lack, or asked whether they lack anything. */
export function gossipRound(state: MembershipState, moment: Moment): Step {
  const draw = drawsOf(moment)
  const { gossipIntervalMs } = state.settings
  const { cluster, self, badLinks } = state
  const candidates = candidatesWithin(cluster, self.key, draw() < preferUnseen, badLinks)
  const targets = pickTargets(candidates, fanoutOf(state), draw)
  const seenByAll = isSeenByAll(state)
  const delayMs = seenByAll ? gossipIntervalMs : Math.min(state.pace.delayMs * 2, gossipIntervalMs)
  const nextAt = moment.now + delayMs * (0.9 + 0.2 * draw())
  return [
    { ...state, pace: { nextAt, delayMs }, rush: afterRound(state) },
    [
      ...targets.flatMap(({ node }) => [
        openExchange(state, node),
        ...evictionsStatus(cluster, node),
      ]),
      ...lookForRivals(state, draw),
    ],
  ]
}

/** Tells a peer what it lacks, as far as that is known; else asks whether it lacks anything. */
export function openExchange(state: MembershipState, to: NodeIdentity): MembershipEffect {
  const { cluster, known } = state
  const version = known.get(to.key)
  if (version && !cluster.seen.has(to.key) && !isRush(state)) {
    const gossip = gossipFor(cluster, version)
    if (gossip.records.length + gossip.tombstones.length + gossip.rows.length > 0)
      return gossipTo(to, gossip)
  }
  return sendTo(to, statusMessage(cluster))
}

/** Has the view just changed, or come closer to being seen by all, then the next round is soon. */
export function hasten(
  before: MembershipState,
  after: MembershipState,
  moment: Moment,
): MembershipState {
  if (after.phase.type === 'joining' || after.phase.type === 'stopped') return after
  const { wakeMinMs, wakeMaxMs, gossipIntervalMs } = after.settings
  const isUrgent = hasNews(before, after) && (!isSeenByAll(after) || sectionsDiffer(before, after))
  const patient = patience(after)
  // A member always has a next round, even where it has nothing to tell.
  const latest = Math.min(after.pace.nextAt, moment.now + gossipIntervalMs)
  if (!isUrgent) {
    return latest === after.pace.nextAt
      ? after
      : { ...after, pace: { ...after.pace, nextAt: latest } }
  }
  const pauseMs = wakeMinMs + (wakeMaxMs - wakeMinMs) * drawsOf(moment)()
  const nextAt = Math.min(latest, moment.now + pauseMs * patient)
  return { ...after, pace: { nextAt, delayMs: wakeMaxMs * patient } }
}

function hasNews(before: MembershipState, after: MembershipState): boolean {
  return (
    before.cluster.version !== after.cluster.version ||
    (before.cluster.seen !== after.cluster.seen && !isHeldUp(after)) ||
    sectionsDiffer(before, after)
  )
}

/** Whether nobody waits to hear who has seen the view: it cannot converge while somebody is out of reach. */
function isHeldUp({ cluster, settings }: MembershipState): boolean {
  for (const key of cluster.unreachable) {
    const member = cluster.membersByKey.get(key)
    if (member && isActive(member) && member.dataCenter === settings.dataCenter) return true
  }
  return false
}

/** Whether shard tables, services or evictions changed: nobody keeps count of who has seen those. */
export function sectionsDiffer(before: MembershipState, after: MembershipState): boolean {
  return (
    before.cluster.allocations !== after.cluster.allocations ||
    before.cluster.registry !== after.cluster.registry ||
    before.cluster.evictions !== after.cluster.evictions
  )
}

/** Whether everybody in reach has seen the view, of this node's own data center. */
function isSeenByAll({ cluster, settings }: MembershipState): boolean {
  // Only members are counted as having seen it: mostly the numbers tell.
  if (cluster.seen.size === cluster.members.length) return true
  const members = cluster.dataCenters.get(settings.dataCenter)?.members ?? []
  if (cluster.seen.size + cluster.unreachable.size < members.length) return false
  return members.every(({ key }) => cluster.seen.has(key) || cluster.unreachable.has(key))
}

/** So many of the targets, each set of them equally likely. */
export function pickTargets(
  targets: readonly Member[],
  count: number,
  draw: () => number,
): readonly Member[] {
  const left = [...targets]
  const picked: Member[] = []
  while (picked.length < count && left.length > 0)
    picked.push(...left.splice(Math.floor(draw() * left.length), 1))
  return picked
}

/** Next in turn after `cursor` in a list of peers, never oneself. */
export function pickGossipTarget<T>(peers: readonly T[], self: T, cursor: number): T | undefined {
  for (let step = 0; step < peers.length; step++) {
    const peer = peers[(cursor + step) % peers.length]
    if (peer !== undefined && peer !== self) return peer
  }
  return undefined
}

/**
 * Tells whoever lives now at the address of a member, or of one who was given up, of our cluster. It may
 * belong to it by the word of members that we know no more: when every node of two sides restarts while
 * they are apart, none of them knows anybody who lives on the other side, and only so do they meet.
 */
export function meetSuccessor(
  { cluster, self, phase }: MembershipState,
  node: NodeIdentity,
): readonly MembershipEffect[] {
  const tombstone = cluster.tombstones.get(node.address.toString())
  const former = cluster.member(node.address) ?? (tombstone?.left === false && tombstone.node)
  const isNews =
    former && former.incarnation < node.incarnation && !node.address.equals(self.address)
  if (phase.type === 'joining' || isNews !== true) return []
  return [sendTo(node, statusMessage(cluster))]
}

function statusMessage(cluster: ClusterState): MembershipMessage {
  return {
    type: 'gossip-status',
    versionDigest: cluster.versionDigest,
    seenDigest: cluster.seenDigest,
    allocationsDigest: cluster.allocations.digest,
    registryDigest: cluster.registry.digest,
  }
}
