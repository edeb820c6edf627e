// What nodes tell each other of their members. An exchange starts with digests; only where they differ
// does the one who lacks something say what it has, and the other send the rest.
import type { NodeIdentity } from '@casty/transport'
import type { ClusterState } from './cluster-state.ts'
import {
  gossipFor,
  knowsMoreThan,
  receiveGossip,
  seenBits,
  withSeen,
  type Gossip,
} from './gossip.ts'
import type { MembershipEffect, MembershipState, Moment, Step } from './membership-state.ts'
import type { MembershipMessage } from './messages.ts'
import { contradict, refuseClaim, withoutOwnRow } from './own-word.ts'
import { implausibleIn, type Implausible } from './plausibility.ts'
import { sectionsRequest } from './sections.ts'
import { isOfRivalSide, rivalMet } from './rivals.ts'
import { wasJustTold } from './rush.ts'
import { gossipTo, sendTo } from './sending.ts'
import { roomAfter } from './state-size.ts'

export function receiveStatus(
  state: MembershipState,
  from: NodeIdentity,
  status: Extract<MembershipMessage, { type: 'gossip-status' }>,
): Step {
  const { cluster } = state
  const answers: MembershipMessage[] = []
  const sameVersion = status.versionDigest === cluster.versionDigest
  if (!sameVersion) answers.push(requestOf(state, from))
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

function requestOf({ cluster, known }: MembershipState, to: NodeIdentity): MembershipMessage {
  const since = known.get(to.key)
  return { type: 'gossip-request', version: cluster.version, ...(since && { since }) }
}

/** Answers with what the peer lacks; where that is nothing, our version tells it that we lack some. */
export function receiveRequest(
  state: MembershipState,
  from: NodeIdentity,
  { version }: Extract<MembershipMessage, { type: 'gossip-request' }>,
): Step {
  // Of strangers nothing is kept: they may be of another cluster, or none.
  const isMember = state.cluster.membersByKey.has(from.key)
  const known = isMember ? new Map(state.known).set(from.key, version) : state.known
  return [{ ...state, known }, [gossipTo(from, gossipFor(state.cluster, version))]]
}

/** Takes gossip in, and answers with what the sender lacks, or that we have seen its version too. */
export function receiveNews(
  state: MembershipState,
  from: NodeIdentity,
  gossip: Gossip,
  { now, wallNow }: Moment,
): Step {
  if (gossip.clusterId !== state.cluster.clusterId) {
    return [
      state,
      [{ type: 'drop', reason: 'foreign-cluster' }, sendTo(from, { type: 'not-yours' })],
    ]
  }
  if (isOfRivalSide(state.cluster, from, gossip)) {
    // Over a connection that outlasted it all nobody is refused: this is how such sides meet.
    const [next, effects] = rivalMet(state, from)
    return [next, [{ type: 'drop', reason: 'rival-side' }, ...effects]]
  }
  const taken = takeGossip(state, from, gossip, wallNow)
  if (taken.type === 'refused') return [state, refuseClaim(from, taken.claim)]
  const known = new Map(state.known).set(from.key, gossip.version)
  const { roomBytes } = taken
  const next = { ...state, known, roomBytes, cluster: taken.cluster.markSeen([state.self.key]) }
  const answer = wasJustTold(state, from, now) ? [] : answerTo(next.cluster, from, gossip)
  return [next, [...taken.effects, ...answer]]
}

type Taken =
  | { readonly type: 'refused'; readonly claim: Implausible }
  | {
      readonly type: 'taken'
      readonly cluster: ClusterState
      readonly roomBytes: number
      readonly effects: readonly MembershipEffect[]
    }

/** Gossip that may be true, joined to what is known; what it says in this node's name is contradicted. */
export function takeGossip(
  state: MembershipState,
  from: NodeIdentity,
  gossip: Gossip,
  wallNow: number,
): Taken {
  const claim = implausibleIn(gossip, state.cluster, wallNow)
  if (claim) return { type: 'refused', claim }
  // What only a removed node had told is adopted before the answer: a view without it passes for seen
  // else, and its leader may decide over what it does not know.
  const others = withoutOwnRow(gossip, state.self)
  const merged = receiveGossip(state.cluster, others).adoptOrphans(state.self)
  const roomBytes = roomAfter(state, merged, gossip)
  if (roomBytes === undefined) {
    const detail = `${merged.members.length} members and ${merged.tombstones.size} that are gone`
    return { type: 'refused', claim: { claim: 'size', about: from.key, detail } }
  }
  const [cluster, effects] = contradict(state, merged, gossip, from)
  return { type: 'taken', cluster, roomBytes, effects }
}

function answerTo(
  cluster: ClusterState,
  from: NodeIdentity,
  gossip: Gossip,
): readonly MembershipEffect[] {
  switch (cluster.version.compare(cluster.tombstones.prune(gossip.version))) {
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
  const cluster = withSeen(state.cluster, seen).markSeen([from.key])
  const answer = knowsMoreThan(cluster, seen) ? [sendTo(from, seenMessage(cluster))] : []
  return [{ ...caughtUp(state, from), cluster }, answer]
}

/** The peer holds exactly our version. */
function caughtUp(state: MembershipState, peer: NodeIdentity): MembershipState {
  if (state.known.get(peer.key) === state.cluster.version) return state
  return { ...state, known: new Map(state.known).set(peer.key, state.cluster.version) }
}

function seenMessage(cluster: ClusterState): MembershipMessage {
  return { type: 'seen', versionDigest: cluster.versionDigest, seen: seenBits(cluster) }
}
