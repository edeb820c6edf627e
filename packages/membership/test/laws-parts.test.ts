// Gossip that is too large for a frame is told in parts; what arrives must be what was told.
import { VectorClock } from '@casty/clock'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMessage, encodeInParts } from '../src/codec.ts'
import { ClusterState, gossipFor, receiveGossip } from '../src/index.ts'
import { contentOf, happenings, LawWorld, runs, timeLimitMs } from './laws-world.ts'

test('told in parts, however small, a state arrives whole', { timeout: timeLimitMs }, () => {
  fc.assert(
    fc.property(happenings(40), fc.integer({ min: 40, max: 200 }), (all, maxBytes) => {
      const world = new LawWorld()
      for (const happening of all) world.run(happening)
      for (const { state } of world.live) {
        const gossip = gossipFor(state, VectorClock.empty)
        const received = encodeInParts({ type: 'gossip', gossip }, maxBytes)
          .map((bytes) => decodeMessage(bytes))
          .flatMap((message) => (message.type === 'gossip' ? [message.gossip] : []))
          .reduce(receiveGossip, ClusterState.empty)
        expect(contentOf(received)).toBe(contentOf(state))
        expect(received.version.equals(state.version)).toBe(true)
      }
    }),
    runs,
  )
})

test('a part that is not the last does not advance the version', () => {
  const world = new LawWorld()
  const [first] = world.live
  const state = first?.state ?? ClusterState.empty
  const parts = encodeInParts({ type: 'gossip', gossip: gossipFor(state, VectorClock.empty) }, 40)
    .map((bytes) => decodeMessage(bytes))
    .flatMap((message) => (message.type === 'gossip' ? [message.gossip] : []))
  expect(parts.length).toBeGreaterThan(1)
  for (const part of parts.slice(0, -1)) {
    expect(receiveGossip(ClusterState.empty, part).version).toBe(VectorClock.empty)
  }
})
