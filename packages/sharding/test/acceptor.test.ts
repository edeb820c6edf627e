import { NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import {
  coreDefaults,
  ShardingCore,
  type Batch,
  type CoreEffect,
  type RoundMessage,
  type ShardingMessage,
  type ViewMember,
} from '@casty/sharding'

const [a, b, c] = ['a:1#1', 'b:1#1', 'c:1#1'].map((text) => NodeIdentity.parse(text)) as [
  NodeIdentity,
  NodeIdentity,
  NodeIdentity,
]

function up(node: NodeIdentity, upNumber: number): ViewMember {
  return { node, status: 'up', upNumber, isReachable: true }
}

/** The member `c` of three, with leases of 2,000 ms, to whom the others speak. */
class Listener {
  readonly core: ShardingCore = new ShardingCore({ ...coreDefaults, self: c }, 0)

  constructor(members: readonly ViewMember[] = [up(a, 1), up(b, 2), up(c, 3)]) {
    this.core.step({ type: 'members-changed', members }, { now: 0, wallNow: 0 })
  }

  hear(from: NodeIdentity, now: number, message: ShardingMessage): readonly ShardingMessage[] {
    const effects = this.core.step(
      { type: 'message-received', from, message },
      { now, wallNow: now },
    )
    // Its own attempts to become the coordinator are another matter.
    return sentIn(effects).filter(({ type }) => type !== 'round')
  }
}

function sentIn(effects: readonly CoreEffect[]): readonly ShardingMessage[] {
  return effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
}

function round(term: number, fields: Partial<RoundMessage> = {}): RoundMessage {
  const noVersion = { term: 0, seq: 0 }
  return {
    type: 'round',
    term,
    round: 1,
    committed: noVersion,
    version: noVersion,
    isFounding: false,
    grant: undefined,
    regionsVersion: 1,
    ...fields,
  }
}

test('a member promises one coordinator, and refuses others until the promise has run out', () => {
  const listener = new Listener()
  expect(listener.hear(a, 0, round(5))).toMatchObject([{ type: 'answer', term: 5 }])
  expect(listener.hear(b, 1_999, round(6))).toMatchObject([
    { type: 'refusal', reason: 'promised', highestTerm: 5, retryAfterMs: 1 },
  ])
  expect(listener.hear(b, 2_000, round(6))).toMatchObject([{ type: 'answer', term: 6 }])
})

test('each round renews the promise from when it is answered', () => {
  const listener = new Listener()
  listener.hear(a, 0, round(5))
  listener.hear(a, 1_500, round(5, { round: 2 }))
  expect(listener.hear(b, 3_499, round(6))).toMatchObject([{ reason: 'promised' }])
  expect(listener.hear(b, 3_500, round(6))).toMatchObject([{ type: 'answer' }])
})

test('a term that another one followed is never promised again', () => {
  const listener = new Listener()
  listener.hear(a, 0, round(5))
  listener.hear(b, 3_000, round(6))
  expect(listener.hear(a, 9_000, round(5, { round: 2 }))).toMatchObject([
    { type: 'refusal', reason: 'old-term', highestTerm: 6 },
  ])
  expect(listener.hear(a, 9_000, round(6))).toMatchObject([{ reason: 'old-term' }])
})

test('to accept a change of the table is to promise once more', () => {
  const listener = new Listener()
  listener.hear(a, 0, round(5))
  const version = { term: 5, seq: 1 }
  const batch = { version, previous: { term: 0, seq: 0 }, changes: [] }
  expect(listener.hear(a, 1_900, { type: 'entries', term: 5, batches: [batch] })).toMatchObject([
    { type: 'accepted', version },
  ])
  expect(listener.hear(b, 3_899, round(6))).toMatchObject([{ reason: 'promised' }])
})

test('changes of a term that was not promised are not even acknowledged', () => {
  const listener = new Listener()
  listener.hear(b, 0, round(6))
  const batch = { version: { term: 5, seq: 1 }, previous: { term: 0, seq: 0 }, changes: [] }
  expect(listener.hear(a, 10, { type: 'entries', term: 5, batches: [batch] })).toEqual([])
})

test('a coordinator that resigns frees its members at once, and they tell how long its leases last', () => {
  const listener = new Listener()
  listener.hear(a, 0, round(5))
  listener.hear(a, 100, { type: 'resign', term: 5, leasesForMs: 1_500 })
  expect(listener.hear(b, 200, round(6))).toMatchObject([{ type: 'answer', leasesForMs: 1_400 }])
})

test('who is down, or no member, is refused', () => {
  const listener = new Listener([{ ...up(a, 1), status: 'down' }, up(c, 3)])
  expect(listener.hear(a, 0, round(5))).toMatchObject([{ reason: 'no-member' }])
  expect(listener.hear(b, 0, round(5))).toMatchObject([{ reason: 'no-member' }])
})

test('no table is begun anew with a member that lost others less than the margin ago', () => {
  const listener = new Listener()
  const members = [up(b, 2), up(c, 3)]
  listener.core.step({ type: 'members-changed', members }, { now: 100, wallNow: 0 })
  expect(listener.hear(b, 10_099, round(5, { isFounding: true }))).toMatchObject([
    { type: 'refusal', reason: 'not-yet', retryAfterMs: 1 },
  ])
  expect(listener.hear(b, 10_100, round(5, { isFounding: true }))).toMatchObject([
    { type: 'answer' },
  ])
})

test('no table is begun anew with a member that sees a majority of the voters alive', () => {
  const listener = new Listener()
  listener.hear(a, 0, round(5))
  const version = { term: 5, seq: 1 }
  const electorate = { voters: [a, b, c], former: [] }
  const changes = [{ type: 'electorate', electorate }] as const
  const batch = { version, previous: { term: 0, seq: 0 }, changes }
  listener.hear(a, 10, { type: 'entries', term: 5, batches: [batch] })
  expect(listener.hear(b, 2_500, round(6, { isFounding: true, version }))).toMatchObject([
    { reason: 'not-lost' },
  ])
  // Who knows less than this member had better hear of its table.
  expect(listener.hear(b, 2_500, round(6, { isFounding: true }))).toMatchObject([
    { type: 'answer', version },
  ])
})

test('a lease lasts from when it was first asked for, and holds once the table is as far as it says', () => {
  const listener = new Listener()
  listener.hear(a, 100, round(5))
  const version = { term: 5, seq: 1 }
  const batch = { version, previous: { term: 0, seq: 0 }, changes: [] }
  listener.hear(a, 200, { type: 'entries', term: 5, batches: [batch] })
  listener.hear(a, 300, round(5))
  const grant = { round: 1, forMs: 1_000, after: version }
  listener.hear(a, 400, round(5, { round: 2, grant }))
  expect(listener.core.leaseUntil).toBe(Number.NEGATIVE_INFINITY)
  listener.hear(a, 500, round(5, { round: 3, committed: version }))
  expect(listener.core.leaseUntil).toBe(1_100)
})

function batch(term: number, seq: number, previous: { term: number; seq: number }): Batch {
  return { version: { term, seq }, previous, changes: [] }
}

test('a table that comes late does not take the place of a newer one that was acknowledged', () => {
  const listener = new Listener()
  listener.hear(a, 0, round(5))
  const none = { term: 0, seq: 0 }
  const batches = [batch(5, 1, none), batch(5, 2, { term: 5, seq: 1 })]
  listener.hear(a, 10, { type: 'entries', term: 5, batches })
  const version = { term: 5, seq: 1 }
  listener.hear(a, 20, { type: 'snapshot', term: 5, version, part: 0, parts: 1, changes: [] })
  expect(listener.hear(a, 30, round(5, { round: 2 }))).toMatchObject([
    { version: { term: 5, seq: 2 } },
  ])
})

test('a batch that does not fit is not taken, and its sender hears how far the table goes', () => {
  const listener = new Listener()
  listener.hear(a, 0, round(5))
  const batches = [batch(5, 2, { term: 5, seq: 1 })]
  expect(listener.hear(a, 10, { type: 'entries', term: 5, batches })).toMatchObject([
    { type: 'accepted', version: { term: 0, seq: 0 } },
  ])
})

test('what was only proposed gives way to what a later coordinator has instead', () => {
  const listener = new Listener()
  const none = { term: 0, seq: 0 }
  listener.hear(a, 0, round(5))
  const batches = [batch(5, 1, none), batch(5, 2, { term: 5, seq: 1 })]
  listener.hear(a, 10, { type: 'entries', term: 5, batches })
  listener.hear(a, 20, round(5, { round: 2, committed: { term: 5, seq: 1 } }))
  listener.hear(b, 3_000, round(6))
  const other = batch(6, 1, { term: 5, seq: 1 })
  expect(listener.hear(b, 3_010, { type: 'entries', term: 6, batches: [other] })).toMatchObject([
    { type: 'accepted', version: { term: 6, seq: 1 } },
  ])
  listener.hear(b, 3_020, round(6, { round: 2, committed: { term: 6, seq: 1 } }))
  expect(listener.core.committed.version).toEqual({ term: 6, seq: 1 })
})

test('what was committed never gives way', () => {
  const listener = new Listener()
  const none = { term: 0, seq: 0 }
  listener.hear(a, 0, round(5))
  listener.hear(a, 10, { type: 'entries', term: 5, batches: [batch(5, 1, none)] })
  listener.hear(a, 20, round(5, { round: 2, committed: { term: 5, seq: 1 } }))
  listener.hear(b, 3_000, round(6))
  const fork = batch(6, 1, none)
  expect(listener.hear(b, 3_010, { type: 'entries', term: 6, batches: [fork] })).toMatchObject([
    { type: 'accepted', version: { term: 5, seq: 1 } },
  ])
})
