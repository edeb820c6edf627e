import { VectorClock } from '@casty/clock'
import {
  ClusterState,
  decodeMessage,
  encodeMessage,
  gossipFor,
  mergeGossip,
  receiveGossip,
  step,
  type MembershipEvent,
  type MembershipInput,
  type MembershipMessage,
  type MembershipState,
} from '@casty/membership'
import { interleave } from '../interleave.ts'
import { clusterOf, memberOf, newsOfOneMember, nodeAt, partitioned } from '../membership/states.ts'
import { timed } from '../membership/timed.ts'
import type { Row, Scenario } from '../scenario.ts'

const sizes = [10, 100, 1_000] as const

/** What the protocol costs the node that runs it, and how that grows with the cluster. */
export const scenario: Scenario = {
  name: 'membership-core',
  description: 'step, merge and codec of membership, for states of 10, 100 and 1,000 members',
  async run({ repetitions, progress }) {
    const rows: Row[] = []
    for (const [what, prepare] of Object.entries(operations)) {
      progress(what)
      const subjects = Object.fromEntries(sizes.map((size) => [size, timed(prepare(size))]))
      const samples = await interleave(repetitions, subjects)
      const reference = { name: 'ten members', samples: samples[sizes[0]] ?? [] }
      for (const size of sizes) {
        const members = size.toLocaleString('en-US')
        const own = samples[size] ?? []
        rows.push({ what: `${what}, ${members} members`, unit: 'µs', samples: own, reference })
      }
    }
    return { title: 'The core of membership, per operation', rows, notes }
  },
}

const notes = [
  'The ratio is the growth from ten members on.',
  'All members are up and have seen the version; each has an entry in it.',
  'A step includes what follows from it: convergence, leader, events, pace of gossip.',
]

/** Each call starts from the same state, as the first one after it came about: no cache survives. */
const operations: Readonly<Record<string, (size: number) => () => unknown>> = {
  'step, a round of gossip': (size) => {
    const state = memberOf(clusterOf(size), 1)
    return () => step(state, at({ type: 'deadline-reached' }))
  },
  'step, a status of the same version': (size) => {
    const cluster = clusterOf(size)
    return receiving(memberOf(cluster, 1), statusOf(cluster))
  },
  'step, the first status of the same version': (size) => {
    const all = clusterOf(size)
    const cluster = all.with({ seen: new Set([...all.seen].slice(0, size / 2)) })
    return receiving(memberOf(cluster, 1), statusOf(all))
  },
  'step, a status of another version': (size) =>
    receiving(memberOf(clusterOf(size), 1), { ...statusOf(clusterOf(size)), versionDigest: 1 }),
  'step, news of one member': (size) => {
    const cluster = clusterOf(size)
    return receiving(memberOf(cluster, 1), { type: 'gossip', gossip: newsOfOneMember(cluster) })
  },
  'step, found one unreachable': (size) => {
    const state = memberOf(clusterOf(size), 1)
    const event = { type: 'node-observed', subject: nodeAt(2), status: 'unreachable' } as const
    return () => step(state, at(event))
  },
  'step, found one more unreachable of a tenth': (size) => {
    const state = memberOf(partitioned(size), 1)
    const event = { type: 'node-observed', subject: nodeAt(2), status: 'unreachable' } as const
    return () => step(state, at(event))
  },
  'receiveGossip, news of one member': (size) => {
    const cluster = clusterOf(size)
    const news = newsOfOneMember(cluster)
    return () => receiveGossip(cluster, news)
  },
  'receiveGossip, all by a joiner': (size) => {
    const everything = gossipFor(clusterOf(size), VectorClock.empty)
    return () => receiveGossip(ClusterState.empty, everything)
  },
  'mergeGossip, nothing new': (size) => {
    const [left, right] = [clusterOf(size), clusterOf(size)]
    return () => mergeGossip(left, right)
  },
  'mergeGossip, both changed': (size) => {
    const cluster = clusterOf(size)
    const left = cluster.updateStatus(nodeAt(2), 'leaving', nodeAt(2))
    const right = cluster.updateStatus(nodeAt(3), 'leaving', nodeAt(3))
    return () => mergeGossip(left, right)
  },
  'encode all': (size) => {
    const gossip = gossipFor(clusterOf(size), VectorClock.empty)
    return () => encodeMessage({ type: 'gossip', gossip })
  },
  'decode all': (size) => {
    const gossip = gossipFor(clusterOf(size), VectorClock.empty)
    const bytes = encodeMessage({ type: 'gossip', gossip })
    return () => decodeMessage(bytes)
  },
  'encode news of one member': (size) => {
    const gossip = newsOfOneMember(clusterOf(size))
    return () => encodeMessage({ type: 'gossip', gossip })
  },
  'decode news of one member': (size) => {
    const gossip = newsOfOneMember(clusterOf(size))
    const bytes = encodeMessage({ type: 'gossip', gossip })
    return () => decodeMessage(bytes)
  },
  'encode and decode a heartbeat': () => () =>
    decodeMessage(encodeMessage({ type: 'heartbeat', sequence: 1_234, paddingBytes: 0 })),
}

function receiving(state: MembershipState, message: MembershipMessage): () => unknown {
  const from = nodeAt(state.cluster.members.length - 1)
  return () => step(state, at({ type: 'message-received', from, message }))
}

function statusOf(cluster: ClusterState): MembershipMessage & { readonly type: 'gossip-status' } {
  return {
    type: 'gossip-status',
    versionDigest: cluster.versionDigest,
    seenDigest: cluster.seenDigest,
    allocationsDigest: cluster.allocations.digest,
    registryDigest: cluster.registry.digest,
  }
}

function at(input: MembershipInput): MembershipEvent {
  return { ...input, now: 1_000, wallNow: 1_795_000_100_000, draw: 0.5 }
}
