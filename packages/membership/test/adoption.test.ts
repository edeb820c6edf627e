import { expect, test } from 'vitest'
import { VectorClock } from '@casty/clock'
import {
  gossipFor,
  initialState,
  receiveGossip,
  step,
  type ClusterState,
  type MembershipState,
} from '../src/index.ts'
import { testSettings } from './core-world.ts'
import { cluster, member, node, statuses } from './states.ts'

function memberAt(name: string, state: ClusterState): MembershipState {
  const initial = initialState(node(name), testSettings)
  return {
    ...initial,
    phase: { type: 'member' },
    cluster: state.with({ viewer: node(name).key }).markSeen([node(name).key]),
  }
}

test('who alone knows what a removed leader decided tells it, instead of having seen a view without it', () => {
  const shared = cluster('a.up^1 b.up^2 c.joining')
  const decided = shared.mergeMembers([member('c.up^3')], node('a'))
  // The leader told c alone, and came back as another one before anybody else heard of it.
  const others = shared
    .removeMembers([node('a')], 0, node('b'))
    .addMember(member('a#2.joining'), node('b'))
    .markSeen([node('b').key])
  const [state, effects] = step(memberAt('c', decided), {
    type: 'message-received',
    from: node('b'),
    message: { type: 'gossip', gossip: gossipFor(others, VectorClock.empty) },
    now: 10,
    wallNow: 10,
    draw: 0.5,
  })
  expect(statuses(state.cluster)).toBe('a#2.joining b.up c.up')
  const sent = effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
  expect(sent.filter(({ type }) => type === 'seen')).toEqual([])
  const told = sent.flatMap((message) => (message.type === 'gossip' ? [message.gossip] : []))
  const heard = told.reduce(receiveGossip, others)
  expect(statuses(heard)).toBe('a#2.joining b.up c.up')
})
