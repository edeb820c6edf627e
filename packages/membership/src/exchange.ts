// Who is told what, and when. An exchange starts with digests; only where they differ does the one
// who lacks something say what it has, and the other send the rest. While not everybody is known to
// have seen this node's view it gossips soon, to those who have not; else once an interval.
import type { NodeIdentity, NodeKey } from '@casty/transport'
import { isNewerTable } from './allocations.ts'
import type { ClusterState } from './cluster-state.ts'
import {
  gossipFor,
  receiveGossip,
  seenBits,
  seenKeys,
  type Gossip,
  type SeenBits,
} from './gossip.ts'
import type { Member } from './member.ts'
import {
  drawsOf,
  type MembershipEffect,
  type MembershipState,
  type Moment,
  type Step,
} from './membership-state.ts'
import type { MembershipMessage } from './messages.ts'

/** How often those who have not seen the view are preferred as targets, where there are others. */
const preferUnseen = 0.8

export function receiveStatus(
  state: MembershipState,
  from: NodeIdentity,
  status: Extract<MembershipMessage, { type: 'gossip-status' }>,
): Step {
  const { cluster } = state
  const answers: MembershipMessage[] = []
  const sameVersion = status.versionDigest === cluster.versionDigest
  if (!sameVersion) answers.push({ type: 'gossip-request', version: cluster.version })
  else if (status.seenDigest !== cluster.seenDigest) answers.push(seenMessage(cluster))
  if (
    status.allocationsDigest !== cluster.allocations.digest ||
    status.registryDigest !== cluster.registry.digest
  ) {
    answers.push(sectionsRequest(cluster))
  }
  const next = sameVersion
    ? { ...caughtUp(state, from), cluster: cluster.markSeen([from.key]) }
    : state
  return [next, answers.map((message) => sendTo(from, message))]
}

/** Answers with what the peer lacks; where that is nothing, our version tells it that we lack some. */
export function receiveRequest(
  state: MembershipState,
  from: NodeIdentity,
  { version }: Extract<MembershipMessage, { type: 'gossip-request' }>,
): Step {
  const known = new Map(state.known).set(from.key, version)
  return [{ ...state, known }, [gossipTo(from, gossipFor(state.cluster, version))]]
}

/** Takes gossip in, and answers with what the sender lacks, or that we have seen its version too. */
export function receiveNews(state: MembershipState, from: NodeIdentity, gossip: Gossip): Step {
  if (gossip.clusterId !== state.cluster.clusterId) {
    return [
      state,
      [{ type: 'drop', reason: 'foreign-cluster' }, sendTo(from, { type: 'not-yours' })],
    ]
  }
  const merged = receiveGossip(state.cluster, gossip)
  const known = new Map(state.known).set(from.key, gossip.version)
  const next = { ...state, known, cluster: merged.markSeen([state.self.key]) }
  return [next, answerTo(next.cluster, from, gossip)]
}

function answerTo(
  cluster: ClusterState,
  from: NodeIdentity,
  gossip: Gossip,
): readonly MembershipEffect[] {
  switch (cluster.version.compare(cluster.pruned(gossip.version))) {
    case 'after':
    case 'concurrent':
      return [gossipTo(from, gossipFor(cluster, gossip.version))]
    case 'same':
      return knowsMoreThan(cluster, gossip.seen) ? [sendTo(from, seenMessage(cluster))] : []
    case 'before':
      return [] // Merged from it, so it cannot be: nothing is owed.
  }
}

export function receiveSeen(
  state: MembershipState,
  from: NodeIdentity,
  { versionDigest, seen }: Extract<MembershipMessage, { type: 'seen' }>,
): Step {
  if (versionDigest !== state.cluster.versionDigest) return [state, []]
  const cluster = state.cluster.markSeen([...seenKeys(state.cluster, seen), from.key])
  const answer = knowsMoreThan(cluster, seen) ? [sendTo(from, seenMessage(cluster))] : []
  return [{ ...caughtUp(state, from), cluster }, answer]
}

/** The peer holds exactly our version. */
function caughtUp(state: MembershipState, peer: NodeIdentity): MembershipState {
  if (state.known.get(peer.key) === state.cluster.version) return state
  return { ...state, known: new Map(state.known).set(peer.key, state.cluster.version) }
}

/** Whether we know of somebody who has seen the version and is not among these. */
function knowsMoreThan(cluster: ClusterState, seen: SeenBits): boolean {
  return (
    seen.membersDigest === cluster.membersDigest &&
    seenKeys(cluster, seen).length < cluster.seen.size
  )
}

export function receiveSectionsRequest(
  state: MembershipState,
  from: NodeIdentity,
  held: Extract<MembershipMessage, { type: 'sections-request' }>,
): Step {
  const tables = state.cluster.allocations.newerThan(held.tables)
  const registry = state.cluster.registry.newerThan(held.registry)
  const effects: MembershipEffect[] = []
  if (tables.length > 0 || registry.length > 0)
    effects.push(sendTo(from, { type: 'sections', tables, registry }))
  if (lacks(state.cluster, held)) effects.push(sendTo(from, sectionsRequest(state.cluster)))
  return [state, effects]
}

/** Whether the holder has a table or a row that is newer than ours, so that it pays to ask back. */
function lacks(
  cluster: ClusterState,
  held: Extract<MembershipMessage, { type: 'sections-request' }>,
): boolean {
  const newerTable = [...held.tables].some(([type, table]) =>
    isNewerTable(table, cluster.allocations.tables.get(type)),
  )
  const isNewerRow = ([node, version]: readonly [NodeKey, number]): boolean =>
    cluster.membersByKey.has(node) && version > (cluster.registry.rows.get(node)?.version ?? 0)
  return newerTable || [...held.registry].some(isNewerRow)
}

export function receiveSections(
  state: MembershipState,
  from: NodeIdentity,
  { tables, registry }: Extract<MembershipMessage, { type: 'sections' }>,
): Step {
  const { cluster } = state
  if (!cluster.member(from)) return [state, [{ type: 'drop', reason: 'foreign-cluster' }]]
  const rows = registry.filter((row) => cluster.member(row.node))
  const allocations = cluster.allocations.merge(tables)
  const merged = cluster.registry.merge(rows)
  if (allocations === cluster.allocations && merged === cluster.registry) return [state, []]
  return [{ ...state, cluster: cluster.with({ allocations, registry: merged }) }, []]
}

/** One round: a few peers are told what they lack, or asked whether they lack anything. */
export function gossipRound(state: MembershipState, moment: Moment): Step {
  const draw = drawsOf(moment)
  const { gossipIntervalMs, gossipFanout } = state.settings
  const targets = pickTargets(gossipTargets(state, draw() < preferUnseen), gossipFanout, draw)
  const seenByAll = isSeenByAll(state)
  const delayMs = seenByAll ? gossipIntervalMs : Math.min(state.pace.delayMs * 2, gossipIntervalMs)
  const nextAt = moment.now + delayMs * (0.9 + 0.2 * draw())
  return [
    { ...state, pace: { nextAt, delayMs } },
    targets.map(({ node }) => openExchange(state, node)),
  ]
}

function openExchange({ cluster, known }: MembershipState, to: NodeIdentity): MembershipEffect {
  const version = known.get(to.key)
  if (version && !cluster.seen.has(to.key)) {
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
  // A member always has a next round, even where it has nothing to tell.
  const latest = Math.min(after.pace.nextAt, moment.now + gossipIntervalMs)
  if (!isUrgent) {
    return latest === after.pace.nextAt
      ? after
      : { ...after, pace: { ...after.pace, nextAt: latest } }
  }
  const soon = moment.now + wakeMinMs + (wakeMaxMs - wakeMinMs) * drawsOf(moment)()
  return { ...after, pace: { nextAt: Math.min(latest, soon), delayMs: wakeMaxMs } }
}

function hasNews(before: MembershipState, after: MembershipState): boolean {
  return (
    before.cluster.version !== after.cluster.version ||
    before.cluster.seen !== after.cluster.seen ||
    sectionsDiffer(before, after)
  )
}

function sectionsDiffer(before: MembershipState, after: MembershipState): boolean {
  return (
    before.cluster.allocations !== after.cluster.allocations ||
    before.cluster.registry !== after.cluster.registry
  )
}

function isSeenByAll({ cluster }: MembershipState): boolean {
  return cluster.members.every(({ key }) => cluster.seen.has(key) || cluster.unreachable.has(key))
}

/**
 * Whom to gossip with: everybody but oneself and those whom this node itself cannot reach. A member
 * that only others find unreachable stays a target: that is what heals a broken pair.
 */
export function gossipTargets(
  state: MembershipState,
  preferDifferentView: boolean,
): readonly Member[] {
  const { cluster, self } = state
  const reachable = cluster.members.filter(
    ({ key }) =>
      key !== self.key && cluster.reachability.statusBetween(self.key, key) === 'reachable',
  )
  const unseen = reachable.filter(({ key }) => !cluster.seen.has(key))
  return preferDifferentView && unseen.length > 0 ? unseen : reachable
}

function pickTargets(
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

function statusMessage(cluster: ClusterState): MembershipMessage {
  return {
    type: 'gossip-status',
    versionDigest: cluster.versionDigest,
    seenDigest: cluster.seenDigest,
    allocationsDigest: cluster.allocations.digest,
    registryDigest: cluster.registry.digest,
  }
}

function seenMessage(cluster: ClusterState): MembershipMessage {
  return { type: 'seen', versionDigest: cluster.versionDigest, seen: seenBits(cluster) }
}

function sectionsRequest({ allocations, registry }: ClusterState): MembershipMessage {
  const versions = [...registry.rows].map(([node, row]): [NodeKey, number] => [node, row.version])
  return { type: 'sections-request', tables: allocations.tables, registry: new Map(versions) }
}

export function gossipTo(to: NodeIdentity, gossip: Gossip): MembershipEffect {
  return sendTo(to, { type: 'gossip', gossip })
}

function sendTo(to: NodeIdentity, message: MembershipMessage): MembershipEffect {
  return { type: 'send', to, message }
}
