import { describe, expect, test } from 'vitest'
import { VectorClock } from '@casty/clock'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import {
  ClusterState,
  gossipFor,
  initialState,
  step,
  type MembershipInput,
  type MembershipMessage,
  type MembershipState,
  type Step,
} from '@casty/membership'
import { testSettings } from './core-world.ts'

const address = (host: string): NodeAddress => NodeAddress.of(host, 1)
const self = NodeIdentity.of(address('a'), 1)
const guest = NodeIdentity.of(address('b'), 5)
const moment = { now: 10, wallNow: 10, draw: 0.5 }

function after(...inputs: readonly MembershipInput[]): MembershipState {
  return inputs.reduce<MembershipState>(
    (state, input) => step(state, { ...moment, ...input })[0],
    initialState(self, testSettings),
  )
}

function receive(state: MembershipState, from: NodeIdentity, message: MembershipMessage): Step {
  return step(state, { ...moment, type: 'message-received', from, message })
}

const join = (from: NodeIdentity): MembershipInput => ({
  type: 'message-received',
  from,
  message: { type: 'join', id: 'b', roles: [] },
})

const withGuest = after({ type: 'started', bootstrap: true }, join(guest))
const withoutGuest = after(
  { type: 'started', bootstrap: true },
  join(guest),
  { type: 'down-requested', nodes: [guest] },
  { type: 'node-observed', subject: guest, status: 'unreachable' },
)

const news = (state: MembershipState): MembershipMessage => ({
  type: 'gossip',
  gossip: gossipFor(state.cluster, VectorClock.empty),
})

describe('A message', () => {
  test('from a life that was removed is counted and not heeded', () => {
    expect(withoutGuest.cluster.isBuried(guest)).toBe(true)
    const [state, effects] = receive(withoutGuest, guest, news(withGuest))
    expect(state).toBe(withoutGuest)
    expect(effects).toEqual([{ type: 'drop', reason: 'gone-sender' }])
  })

  test('from a life that another one followed is counted and not heeded', () => {
    const later = NodeIdentity.of(guest.address, 6)
    const replaced = after({ type: 'started', bootstrap: true }, join(guest), join(later))
    const [state, effects] = receive(replaced, guest, news(withGuest))
    expect(state).toBe(replaced)
    expect(effects).toEqual([{ type: 'drop', reason: 'gone-sender' }])
  })

  test('of another cluster is counted and not heeded, and its sender told so', () => {
    const cluster = ClusterState.empty.with({ clusterId: 'other:1#1' })
    const [state, effects] = receive(withGuest, guest, news({ ...withGuest, cluster }))
    expect(state).toBe(withGuest)
    expect(effects).toEqual([
      { type: 'drop', reason: 'foreign-cluster' },
      { type: 'send', to: guest, message: { type: 'not-yours' } },
    ])
  })

  test('to a node that is no member yet is counted and not heeded', () => {
    const joining = after({ type: 'started', bootstrap: false })
    const [state, effects] = receive(joining, guest, news(withGuest))
    expect(state).toBe(joining)
    expect(effects).toEqual([{ type: 'drop', reason: 'still-joining' }])
  })

  test('that asks to join again is answered again, and changes nothing', () => {
    const [state, effects] = receive(withGuest, guest, { type: 'join', id: 'b', roles: [] })
    expect(state.cluster).toBe(withGuest.cluster)
    expect(effects).toMatchObject([{ type: 'send', to: guest, message: { type: 'welcome' } }])
  })

  test('that asks to join as a life that is over names that life', () => {
    const [, effects] = receive(withoutGuest, guest, { type: 'join', id: 'b', roles: [] })
    expect(effects).toMatchObject([
      { message: { type: 'join-refused', reason: 'stale-incarnation', knownIncarnation: 5 } },
    ])
  })

  test('to a node that has stopped changes nothing', () => {
    const stopped = after(
      { type: 'started', bootstrap: true },
      { type: 'down-requested', nodes: [self] },
    )
    expect(stopped.phase).toEqual({ type: 'stopped', reason: 'downed' })
    expect(receive(stopped, guest, news(withGuest))).toEqual([stopped, []])
  })
})
