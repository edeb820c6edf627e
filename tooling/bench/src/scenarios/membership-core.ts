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
    const { versionDigest, seenDigest, allocations, registry } = clusterOf(size)
    return receiving(size, {
      type: 'gossip-status',
      versionDigest,
      seenDigest,
      allocationsDigest: allocations.digest,
      registryDigest: registry.digest,
    })
  },
  'step, a status of another version': (size) =>
    receiving(size, {
      type: 'gossip-status',
      versionDigest: 1,
      seenDigest: 1,
      allocationsDigest: 0,
      registryDigest: 0,
    }),
  'step, news of one member': (size) =>
    receiving(size, { type: 'gossip', gossip: newsOfOneMember(clusterOf(size)) }),
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
    decodeMessage(encodeMessage({ type: 'heartbeat', sequence: 1_234 })),
}

function receiving(size: number, message: MembershipMessage): () => unknown {
  const state = memberOf(clusterOf(size), 1)
  const from = nodeAt(size - 1)
  return () => step(state, at({ type: 'message-received', from, message }))
}

function at(input: MembershipInput): MembershipEvent {
  return { ...input, now: 1_000, wallNow: 1_795_000_100_000, draw: 0.5 }
}
