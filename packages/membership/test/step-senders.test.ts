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
const stranger = NodeIdentity.of(address('c'), 1)
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

describe('A joiner that a member refuses', () => {
  const contacts = [self.address, guest.address]
  const asking = after(
    { type: 'started', bootstrap: false },
    { type: 'contacts-resolved', contacts },
  )

  test.each(['roles-too-large', 'cluster-full'] as const)(
    'because of %s tells people so, and forms no cluster beside it',
    (reason) => {
      const late = { ...moment, now: 60_000 }
      const message = { type: 'join-refused', reason, knownIncarnation: undefined } as const
      const refusal = { ...late, type: 'message-received', from: guest, message } as const
      const [state, effects] = step(asking, refusal)
      expect(state.phase).toMatchObject({ type: 'joining', isFirstContact: true })
      expect(state.cluster.members).toEqual([])
      expect(effects).toMatchObject([
        { type: 'publish', event: { type: 'join-refused', contact: 'b:1', reason } },
      ])
    },
  )
})

describe('A message', () => {
  test('from a life that was removed is counted and not heeded', () => {
    expect(withoutGuest.cluster.tombstones.has(guest)).toBe(true)
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

  test('that asks to join with more roles than a state has room for says so', () => {
    const roles = Array.from({ length: 32 }, (_, index) => `${index}`.padStart(65, 'r'))
    const [state, effects] = receive(withGuest, stranger, { type: 'join', id: 'c', roles })
    expect(state).toBe(withGuest)
    expect(effects).toMatchObject([
      { message: { type: 'join-refused', reason: 'roles-too-large' } },
    ])
    const fewer = roles.slice(1)
    const [, welcome] = receive(withGuest, stranger, { type: 'join', id: 'c', roles: fewer })
    expect(welcome[0]).toMatchObject({ to: stranger, message: { type: 'welcome' } })
  })

  test('that asks to join where its frames are full says so, and whoever is in may ask again', () => {
    const settings = { ...withGuest.settings, maxStateBytes: 90 }
    const full = { ...withGuest, settings }
    const [state, effects] = receive(full, stranger, {
      type: 'join',
      id: 'c',
      roles: ['r'.repeat(80)],
    })
    expect(state).toBe(full)
    expect(effects).toMatchObject([{ message: { type: 'join-refused', reason: 'cluster-full' } }])
    const [, again] = receive(full, guest, { type: 'join', id: 'b', roles: [] })
    expect(again).toMatchObject([{ message: { type: 'welcome' } }])
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
