// A cluster of thousands cannot form by joins in one burst while somebody waits: the work grows with
// the cube of their number. Here each node joins by itself, in the protocol of production, at a
// contact that knows beforehand who will come, since the world decides their wall clocks. It answers
// with the state of a cluster that has been there for long, and leaves the scene.
import type { Clock, Random } from '@casty/clock'
import {
  ClusterState,
  decodeMessage,
  encodeMessage,
  gossipFor,
  Member,
  membershipFrameType,
} from '@casty/membership'
import { VectorClock } from '@casty/clock'
import {
  Endpoint,
  type NodeAddress,
  type NodeIdentity,
  type NodeKey,
  type Transport,
} from '@casty/transport'

/** What a member of production sends on the data lane instead. */
const mostControlBytes = 49_152

/**
 * Everybody is up, in the order given, and everybody knows it. Each member has changed something once,
 * as in a cluster that is no longer young: so versions have an entry for each.
 */
export function formedState(nodes: readonly NodeIdentity[]): ClusterState {
  const [first] = nodes
  if (first === undefined) return ClusterState.empty
  const records = nodes.map((node, index) => {
    const member = Member.of({ node, status: 'up', upNumber: index + 1 })
    return [node.address.toString(), { member, dot: { node: node.key, counter: 1 } }] as const
  })
  return ClusterState.empty.with({
    clusterId: first.key,
    records: new Map(records),
    version: VectorClock.of(nodes.map(({ key }) => [key, 1] as const)),
    seen: new Set(nodes.map(({ key }) => key)),
  })
}

/**
 * Listens at `address`, and welcomes with `state` those who ask, until disposed of. It answers once
 * everybody has asked: whoever was let in alone would find the others dead.
 */
export async function startContact(options: {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly address: NodeAddress
  readonly clusterName: string
  readonly state: ClusterState
}): Promise<Endpoint> {
  const { transport, clock, random, address, clusterName, state } = options
  const welcome = encodeMessage({ type: 'welcome', gossip: gossipFor(state, VectorClock.empty) })
  const lane = welcome.length > mostControlBytes ? 'data' : 'control'
  const mostGuests = state.members.length + 1
  const endpoint = await Endpoint.start({
    transport,
    clock,
    random,
    address,
    incarnation: Math.floor(clock.wallNow()),
    clusterName,
    insecure: true,
    limits: { maxPendingHandshakes: mostGuests, maxPendingHandshakesPerSource: mostGuests },
  })
  const waiting = new Map<NodeKey, NodeIdentity>()
  let isOpen = false
  endpoint.handle(membershipFrameType, (from, bytes, start, end) => {
    if (decodeMessage(bytes, start, end).type !== 'join') return
    waiting.set(from.key, from)
    if (waiting.size < state.members.length) return
    // Whoever asks again later, since it was impatient, is answered alone.
    const guests = isOpen ? [from] : waiting.values()
    isOpen = true
    for (const guest of guests) endpoint.send(guest, lane, membershipFrameType, welcome)
  })
  return endpoint
}
