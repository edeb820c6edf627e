// SEC-14: numbers that nobody can have come to are refused and told of, and whatever is believed can be counted on from.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VectorClock } from '@casty/clock'
import { NodeAddress, NodeIdentity, type NodeKey } from '@casty/transport'
import {
  gossipFor,
  initialState,
  Member,
  step,
  type Gossip,
  type MembershipEffect,
  type MembershipInput,
  type MembershipState,
} from '@casty/membership'
import { highestBelieved } from '../src/plausibility.ts'
import { testSettings } from './core-world.ts'

const self = NodeIdentity.of(NodeAddress.of('a', 1), 1)
const guest = NodeIdentity.of(NodeAddress.of('b', 1), 5)
const wallNow = Date.UTC(2026, 0, 1)
const moment = { now: 10, wallNow, draw: 0.5 }
const highest = highestBelieved(wallNow)
const settings = { ...testSettings, maxStateBytes: 20_000 }

function after(...inputs: readonly MembershipInput[]): MembershipState {
  const start = initialState(self, settings)
  return inputs.reduce<MembershipState>(
    (state, input) => step(state, { ...moment, ...input })[0],
    start,
  )
}

const member = after(
  { type: 'started', bootstrap: true },
  { type: 'message-received', from: guest, message: { type: 'join', id: 'b:1', roles: [] } },
)

function told(
  state: MembershipState,
  lies: Partial<Gossip>,
): readonly [MembershipState, readonly MembershipEffect[]] {
  const gossip = { ...gossipFor(state.cluster, VectorClock.empty), ...lies }
  return step(state, {
    ...moment,
    type: 'message-received',
    from: guest,
    message: { type: 'gossip', gossip },
  })
}

function lifeOf(host: string, incarnation: number): NodeIdentity {
  return NodeIdentity.of(NodeAddress.of(host, 1), incarnation)
}

const dot = (counter: number): { node: NodeKey; counter: number } => ({ node: guest.key, counter })
const row = (version: number, counter: number) => ({
  observer: guest,
  counter,
  row: { version, doubtful: false, records: new Map() },
})

describe('gossip is refused whole, and told of,', () => {
  const implausible: Record<string, readonly [claim: string, lies: Partial<Gossip>]> = {
    'that has somebody count higher than anybody': [
      'count',
      { version: VectorClock.of([[self.key, highest + 1]]) },
    ],
    'that counts for a life that nobody can have begun': [
      'incarnation',
      { version: VectorClock.of([[lifeOf('b', highest + 1).key, 1]]) },
    ],
    'that names such a life as a member': [
      'incarnation',
      { records: [{ member: Member.of({ node: lifeOf('b', highest + 1) }), dot: dot(9) }] },
    ],
    'that buries such a life': [
      'incarnation',
      {
        tombstones: [
          { node: lifeOf('b', Number.MAX_SAFE_INTEGER), removedAtMs: 1, left: false, dot: dot(9) },
        ],
      },
    ],
    'whose change has such a count': [
      'count',
      { records: [{ member: Member.of({ node: lifeOf('c', 1) }), dot: dot(highest + 1) }] },
    ],
    'that has a member older than numbers go': [
      'count',
      {
        records: [
          {
            member: Member.of({ node: lifeOf('c', 1), status: 'up', upNumber: highest + 1 }),
            dot: dot(9),
          },
        ],
      },
    ],
    'that has an observer past all its versions': ['count', { rows: [row(highest + 1, 9)] }],
    'that has an observer past all its counts': ['count', { rows: [row(9, highest + 1)] }],
    'that has a member leave by the word of another': [
      'author',
      { records: [{ member: Member.of({ node: self, status: 'leaving' }), dot: dot(9) }] },
    ],
    'that names more members than can be told of': [
      'size',
      {
        records: Array.from({ length: 2_000 }, (_, index) => ({
          member: Member.of({
            node: lifeOf(`ghost-${index}`, 1),
            status: 'up',
            upNumber: index + 5,
          }),
          dot: dot(9),
        })),
      },
    ],
  }

  test('that takes more bytes than a frame has, by few members with long roles', () => {
    const roles = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(100, '-'))
    const ghosts = (from: number): Partial<Gossip> => ({
      records: Array.from({ length: 12 }, (_, index) => ({
        member: Member.of({ node: lifeOf(`ghost-${from + index}`, 1), roles }),
        dot: dot(9 + from + index),
      })),
    })
    const [first, effects] = told(member, ghosts(0))
    expect(effects.map(({ type }) => type)).not.toContain('drop')
    expect(first.cluster.members).toHaveLength(14)
    const [second, refusals] = told(first, ghosts(12))
    expect(second.cluster).toBe(first.cluster)
    expect(refusals).toMatchObject([{ type: 'drop' }, { event: { claim: 'size' } }])
  })

  test.each(Object.entries(implausible))('%s', (_, [claim, lies]) => {
    const [state, effects] = told(member, lies)
    expect(state).toBe(member)
    expect(effects).toMatchObject([
      { type: 'drop', reason: 'false-claim' },
      { type: 'publish', event: { type: 'false-claim', from: guest, claim, answer: 'refused' } },
    ])
  })
})

test('a joiner takes no such welcome, and asks on', () => {
  const asking = after(
    { type: 'started', bootstrap: false },
    { type: 'contacts-resolved', contacts: [guest.address] },
  )
  const lists = { member: Member.of({ node: self, id: self.address.toString() }), dot: dot(1) }
  const gossip: Gossip = {
    ...gossipFor(member.cluster, VectorClock.empty),
    records: [lists],
    version: VectorClock.of([[guest.key, highest + 1]]),
  }
  const [state, effects] = step(asking, {
    ...moment,
    type: 'message-received',
    from: guest,
    message: { type: 'welcome', gossip },
  })
  expect(state.phase.type).toBe('joining')
  expect(state.cluster.members).toEqual([])
  expect(effects).toMatchObject([{ type: 'drop' }, { type: 'publish', event: { claim: 'count' } }])
})

test('a joiner that is told of a later life of its own than there can be does not follow it', () => {
  const asking = after(
    { type: 'started', bootstrap: false },
    { type: 'contacts-resolved', contacts: [guest.address] },
  )
  const refusal = (incarnation: number): MembershipInput => ({
    type: 'message-received',
    from: guest,
    message: {
      type: 'join-refused',
      reason: 'stale-incarnation',
      knownIncarnation: lifeOf('a', incarnation).incarnation,
    },
  })
  const [, effects] = step(asking, { ...moment, ...refusal(highest + 1) })
  expect(effects).toMatchObject([
    { type: 'drop' },
    { type: 'publish', event: { claim: 'incarnation' } },
  ])
  expect(step(asking, { ...moment, ...refusal(highest - 1) })[1]).toEqual([
    { type: 'reincarnate', incarnation: highest },
  ])
})

test('nobody is let in as a life that cannot have begun', () => {
  const late = lifeOf('c', highest + 1)
  const [state, effects] = step(member, {
    ...moment,
    type: 'message-received',
    from: late,
    message: { type: 'join', id: 'c:1', roles: [] },
  })
  expect(state).toBe(member)
  expect(effects).toMatchObject([
    { type: 'drop' },
    { type: 'publish', event: { claim: 'incarnation' } },
  ])
})

test('services of a version that nobody has come to are refused, and told of', () => {
  const registry = [{ node: guest, version: highest + 1, services: [] }]
  const message = { type: 'sections', tables: [], registry, changes: [] } as const
  const [state, effects] = step(member, {
    ...moment,
    type: 'message-received',
    from: guest,
    message,
  })
  expect(state).toBe(member)
  expect(effects).toMatchObject([{ type: 'drop' }, { type: 'publish', event: { claim: 'count' } }])
})

test('a shard table of an epoch that none could follow is refused, and told of', () => {
  const shards = new Map()
  const tables = [['cart', { epoch: highest + 1, author: guest.key, shards }]] as const
  const message = { type: 'sections', tables, registry: [], changes: [] } as const
  const input = { ...moment, type: 'message-received', from: guest, message } as const
  const [state, effects] = step(member, input)
  expect(state).toBe(member)
  expect(effects).toMatchObject([{ type: 'drop' }, { type: 'publish', event: { claim: 'count' } }])
})

test('the highest count that is believed can be counted on from, a moment later and by any clock', () => {
  const [lied] = told(member, { version: VectorClock.of([[self.key, highest]]) })
  const count = lied.cluster.version.versionOf(self.key)
  expect(count).toBe(highest + 1)
  fc.assert(
    fc.property(fc.nat(4_000_000_000_000), fc.nat(1_000), (now, laterMs) => {
      const before = highestBelieved(now)
      expect(Number.isSafeInteger(2 * before)).toBe(true)
      expect(highestBelieved(now + laterMs)).toBe(before + 100 * laterMs)
    }),
  )
  expect(count).toBeLessThan(highestBelieved(wallNow + 1))
  expect(highestBelieved(-1)).toBe(highestBelieved(0))
})
