import { VectorClock } from '@casty/clock'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { ClusterState, gossipFor, Member } from '../src/index.ts'
import { hasten, gossipRound } from '../src/gossip-round.ts'
import { initialState, type MembershipState } from '../src/membership-state.ts'
import { afterRound, noteTold, patience, wasJustTold } from '../src/rush.ts'
import { testSettings } from './core-world.ts'

const nodes = Array.from({ length: 3_000 }, (_, index) =>
  NodeIdentity.of(NodeAddress.of(`n${index}`, 1), 1),
)
const [self = NodeIdentity.parse('n0:1#1'), peer = self] = nodes
const moment = { now: 0, wallNow: 0, draw: 0.5 }

/** A node of a cluster of so many, after so many rounds of which each told something new. */
function after(rounds: number, members: number): MembershipState {
  const records = nodes.slice(0, members).map((node) => {
    const member = Member.of({ node, status: 'up', upNumber: 1 })
    return [node.address.toString(), { member, dot: { node: node.key, counter: 1 } }] as const
  })
  const version = VectorClock.of(nodes.slice(0, members).map(({ key }) => [key, 1] as const))
  const cluster = ClusterState.empty.with({ records: new Map(records), version, monitoredBy: 5 })
  const phase = { type: 'member' } as const
  let state: MembershipState = { ...initialState(self, testSettings), phase, cluster }
  for (let round = 0; round < rounds; round++) {
    const news = state.cluster.with({ version: state.cluster.version.increment(self.key) })
    state = { ...state, cluster: news }
    state = { ...state, rush: afterRound(state) }
  }
  return state
}

describe('while a great many things happen at once', () => {
  test.each([
    [100, 1],
    [300, 300 / 128],
    [1_000, 1_000 / 128],
    [3_000, 16],
  ])('a node of %i members becomes %f times as patient at most', (members, most) => {
    expect(patience(after(100, members))).toBe(most)
  })

  test('a few changes in a row are told as soon as one', () => {
    expect(patience(after(3, 3_000))).toBe(1)
    expect(patience(after(4, 3_000))).toBe(2)
  })

  test('rounds with nothing new make it impatient again', () => {
    const busy = after(20, 3_000)
    const first = { ...busy, rush: afterRound(busy) }
    const second = { ...first, rush: afterRound(first) }
    const third = { ...second, rush: afterRound(second) }
    expect([first, second, third].map((state) => patience(state))).toEqual([8, 3, 1])
  })

  test('the next round comes later', () => {
    const [calm, busy] = [after(0, 3_000), after(10, 3_000)]
    const nextAt = (state: MembershipState): number => {
      const news = { ...state, cluster: state.cluster.markUnreachable(peer, self) }
      return hasten(state, news, moment).pace.nextAt
    }
    expect(nextAt(calm)).toBeLessThanOrEqual(75)
    expect(nextAt(busy)).toBe(8 * nextAt(calm))
  })

  test('peers are asked what they lack, rather than told what they may know', () => {
    const known = new Map(nodes.map(({ key }) => [key, VectorClock.of({ [key]: 1 })]))
    const told = (rounds: number): readonly string[] => {
      const [, effects] = gossipRound({ ...after(rounds, 3_000), known }, moment)
      return effects.map((effect) => (effect.type === 'send' ? effect.message.type : effect.type))
    }
    expect(told(0)).toEqual(['gossip', 'gossip', 'gossip'])
    expect(told(40)).toEqual(['gossip-status', 'gossip-status'])
  })

  test('a peer that was just told is not answered again, until some time has passed', () => {
    const gossip = gossipFor(after(0, 3).cluster, VectorClock.empty)
    const sent = [{ type: 'send', to: peer, message: { type: 'gossip', gossip } }] as const
    const busy = noteTold(after(40, 3_000), sent, moment)
    expect(wasJustTold(busy, peer, 10)).toBe(true)
    expect(wasJustTold(busy, peer, 10_000)).toBe(false)
    expect(wasJustTold(noteTold(after(0, 3_000), sent, moment), peer, 10)).toBe(false)
  })
})
