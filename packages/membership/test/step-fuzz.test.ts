import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { seededRandom, type Random } from '@casty/clock'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import {
  decodeMessage,
  encodeMessage,
  initialState,
  nextDeadline,
  step,
  type ClusterMessage,
  type MembershipEffect,
  type MembershipInput,
  type MembershipMessage,
  type MembershipState,
} from '@casty/membership'
import { seeds } from './cluster-world.ts'
import { messages } from './codec-messages.ts'
import { testSettings } from './core-world.ts'

const detection: ReadonlySet<ClusterMessage['type']> = new Set([
  'heartbeat',
  'heartbeat-answer',
  'probe',
  'probe-answer',
])

function isMembershipMessage(message: ClusterMessage): message is MembershipMessage {
  return !detection.has(message.type)
}

/** The same few nodes that the messages name, so that lies are about members too. */
const nodes = ['a', 'b', 'c'].flatMap((host) =>
  [0, 1, 1_700_000_000_000].map((incarnation) =>
    NodeIdentity.of(NodeAddress.of(host, 1), incarnation),
  ),
)

/** Tells the node's own cluster in place of a random one, most of the time: else all is dropped. */
function adapted(
  message: MembershipMessage,
  state: MembershipState,
  random: Random,
): MembershipMessage {
  const isNews = message.type === 'gossip' || message.type === 'welcome'
  if (!isNews || random() < 0.05) return message
  return { ...message, gossip: { ...message.gossip, clusterId: state.cluster.clusterId } }
}

function randomInput(
  corpus: readonly MembershipMessage[],
  state: MembershipState,
  random: Random,
): MembershipInput {
  const pick = <T>(items: readonly T[], otherwise: T): T =>
    items[Math.floor(random() * items.length)] ?? otherwise
  const node = pick(nodes, state.self)
  const draw = random()
  if (draw < 0.08) return { type: 'deadline-reached' }
  if (draw < 0.12) return { type: 'node-observed', subject: node, status: 'unreachable' }
  if (draw < 0.125) return { type: 'node-observed', subject: node, status: 'refused' }
  if (draw < 0.14) return { type: 'node-observed', subject: node, status: 'reachable' }
  if (draw < 0.15) return { type: 'node-observed', subject: node, status: 'terminated' }
  if (draw < 0.155) return { type: 'down-requested', nodes: [node] }
  if (draw < 0.16) return { type: 'doubts-changed', doubtful: random() < 0.5 }
  if (draw < 0.161) return { type: 'leave-requested', node: state.self }
  if (draw < 0.17) return { type: 'contact-failed', contact: node.address, outcome: 'nobody' }
  if (draw < 0.175)
    return { type: 'contacts-resolved', contacts: nodes.map(({ address }) => address) }
  const message = pick(corpus, { type: 'exiting-confirmed', node })
  return { type: 'message-received', from: node, message: adapted(message, state, random) }
}

/** What a shell would do with the effects: everything that is to be sent must be possible to write. */
function perform(effects: readonly MembershipEffect[]): void {
  for (const effect of effects) if (effect.type === 'send') encodeMessage(effect.message)
}

function expectSound(state: MembershipState): void {
  const { cluster } = state
  const isMember = (key: string): boolean => cluster.members.some((member) => member.key === key)
  expect([...cluster.seen].every(isMember)).toBe(true)
  expect([...cluster.reachability.rows.keys()].every(isMember)).toBe(true)
  expect(cluster.members.some(({ node }) => cluster.tombstones.has(node))).toBe(false)
  expect(nextDeadline(state)).not.toBeNaN()
}

describe('One step of the protocol', () => {
  test.each(seeds(20))('never throws, whatever a peer sends (seed %i)', (seed) => {
    const random = seededRandom(seed)
    const corpus = fc
      .sample(messages, { seed, numRuns: 400 })
      .map((message) => decodeMessage(encodeMessage(message)))
      .filter(isMembershipMessage)
    let state = initialState(NodeIdentity.of(NodeAddress.of('a', 1), 1), testSettings)
    let now = 0
    let stops = 0
    for (let round = 0; round < 3_000; round++) {
      if (round % 100 === 0 || state.phase.type === 'stopped') {
        if (state.phase.type === 'stopped') stops++
        state = initialState(NodeIdentity.of(NodeAddress.of('a', 1), 1), {
          ...testSettings,
          id: 'a',
        })
        const bootstrap = random() < 0.8
        ;[state] = step(state, { type: 'started', bootstrap, now, wallNow: now, draw: random() })
      }
      now += random() * 300
      const moment = { now, wallNow: 1.7e12 + now, draw: random() }
      const [next, effects] = step(state, { ...randomInput(corpus, state, random), ...moment })
      perform(effects)
      expectSound(next)
      state = next
    }
    expect(stops).toBeGreaterThan(0)
  })
})
