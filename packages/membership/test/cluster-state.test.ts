import { VectorClock } from '@casty/clock'
import { describe, expect, test } from 'vitest'
import { gossipFor, receiveGossip } from '../src/index.ts'
import { cluster, member, node, seenByAll, statuses } from './states.ts'

const [a, b, c] = [node('a'), node('b'), node('c')]

describe('a change', () => {
  test('counts for its author, and has been seen by its author only', () => {
    const before = cluster('a.up b.up c.up')
    const after = before.updateStatus(b, 'leaving', c)
    expect(after.version.versionOf(c.key)).toBe(before.version.versionOf(c.key) + 1)
    expect([...after.seen]).toEqual([c.key])
    expect(statuses(after)).toBe('a.up b.leaving c.up')
  })

  test('that changes nothing returns the same instance', () => {
    const state = cluster('a.up b.up c.down | a✗b')
    expect(state.addMember(member('b.up'), a)).toBe(state)
    expect(state.addMember(member('b.joining'), a)).toBe(state)
    expect(state.updateStatus(c, 'up', a)).toBe(state)
    expect(state.updateStatus(node('x'), 'down', a)).toBe(state)
    expect(state.markUnreachable(b, a)).toBe(state)
    expect(state.markReachable(c, a)).toBe(state)
    expect(state.markUnreachable(node('x'), a)).toBe(state)
    expect(state.markUnreachable(b, node('x'))).toBe(state)
    expect(state.markDoubtful(a, false)).toBe(state)
    expect(state.markSeen([a.key, b.key])).toBe(state)
    expect(state.removeMembers([], 1, a)).toBe(state)
    expect(state.forgetTombstones((_, { removedAtMs }) => removedAtMs <= 1)).toBe(state)
    expect(state.adoptOrphans(a)).toBe(state)
    expect(state.normalized()).toBe(state)
    expect(state.withRegistry(state.registry)).toBe(state)
  })

  test('moves a member by allowed steps only', () => {
    const state = cluster('a.up b.joining')
    expect(state.updateStatus(b, 'exiting', a)).toBe(state)
    expect(statuses(state.updateStatus(b, 'up', a).updateStatus(b, 'joining', a))).toBe('a.up b.up')
  })

  test('names a member by its address in whichever incarnation, or by this one alone', () => {
    const state = cluster('a.up b#2.up')
    expect(state.member(b)).toBeUndefined()
    expect(state.member(b.address)?.incarnation).toBe(2)
    expect(state.updateStatus(b, 'down', a)).toBe(state)
    expect(statuses(state.updateStatus(b.address, 'down', a))).toBe('a.up b#2.down')
  })
})

describe('a new incarnation', () => {
  test('replaces the former one at once, with all that was recorded of it', () => {
    const state = cluster('a.up b.up c.up | a✗b b✗c').addMember(member('b#2.joining'), a)
    expect(statuses(state)).toBe('a.up b#2.joining c.up')
    expect(state.reachability.unreachableFrom(a.key)).toEqual([])
    expect(state.reachability.rows.has(b.key)).toBe(false)
    expect(state.rowCounters.has(b.key)).toBe(false)
  })

  test('is not taken back by late news of the former one', () => {
    const former = cluster('a.up b.up')
    const state = former.addMember(member('b#2.joining'), a)
    expect(statuses(receiveGossip(state, gossipFor(former, VectorClock.empty)))).toBe(
      'a.up b#2.joining',
    )
  })
})

describe('removing', () => {
  const state = cluster('a.up b.down c.up | a✗b b✗c')
    .updateStatus(c, 'leaving', b)
    .withRegistry(cluster('b.up').registry.register(b, 'shop', '/'))
  const removed = state.removeMembers([b], 7, a)

  test('forgets the member, what it counted, recorded and offered, and what was recorded of it', () => {
    expect(statuses(removed)).toBe('a.up c.leaving')
    expect(removed.version.versionOf(b.key)).toBe(0)
    expect(removed.reachability.allUnreachable).toEqual([])
    expect(removed.services).toEqual([])
  })

  test('takes over what only the removed node had told', () => {
    expect(state.records.get(`${c.address}`)?.dot.node).toBe(b.key)
    expect(removed.records.get(`${c.address}`)?.dot).toEqual({
      node: a.key,
      counter: removed.version.versionOf(a.key),
    })
  })

  test('takes over the tombstones that the removed node made', () => {
    const twice = cluster('a.up b.up c.down').removeMembers([c], 1, b).removeMembers([b], 2, a)
    expect(twice.hasOrphans).toBe(false)
    expect(twice.tombstones.get(`${c.address}`)?.dot.node).toBe(a.key)
  })

  test('holds for the incarnation and all before it, and for none after', () => {
    const third = cluster('a.up b#3.down').removeMembers([node('b#3')], 1, a)
    expect(third.addMember(member('b#2.up'), a)).toBe(third)
    expect(third.addMember(member('b#3.up'), a)).toBe(third)
    expect(statuses(third.addMember(member('b#4.joining'), a))).toBe('a.up b#4.joining')
  })

  test('of several incarnations of one address leaves the latest tombstone', () => {
    const both = cluster('a.up b#10.down').removeMembers([node('b#10'), node('b#9')], 1, a)
    expect(both.tombstones.get(`${b.address}`)?.node.incarnation).toBe(10)
    expect(statuses(both)).toBe('a.up')
  })

  test('twice returns the same instance', () => {
    expect(removed.removeMembers([b], 9, c)).toBe(removed)
  })

  test('spreads, also to whoever hears the older state afterwards', () => {
    const told = receiveGossip(state, gossipFor(removed, state.version))
    expect(statuses(told)).toBe('a.up c.leaving')
    expect(receiveGossip(told, gossipFor(state, VectorClock.empty))).toBe(told)
  })

  test('is forgotten by age, and not before', () => {
    expect(removed.forgetTombstones((_, { removedAtMs }) => removedAtMs <= 6)).toBe(removed)
    expect(removed.forgetTombstones((_, { removedAtMs }) => removedAtMs <= 7).tombstones.size).toBe(
      0,
    )
  })

  test('by a change of status is for good unless a time is given', () => {
    const gone = cluster('a.up b.down').updateStatus(b, 'removed', a)
    expect(
      gone.forgetTombstones((_, { removedAtMs }) => removedAtMs <= Date.UTC(2100, 0)).tombstones
        .size,
    ).toBe(1)
    const timed = cluster('a.up b.down').updateStatus(b, 'removed', a, 5)
    expect(timed.forgetTombstones((_, { removedAtMs }) => removedAtMs <= 5).tombstones.size).toBe(0)
  })
})

describe('orphans: changes that only a removed node had told', () => {
  // The node b admitted d and told c alone; a removes b without having heard of d.
  const d = member('d.joining')
  const byC = cluster('a.up b.up c.up').addMember(d, b)
  const byA = cluster('a.up b.up c.up').removeMembers([b], 1, a)
  const met = receiveGossip(byC, gossipFor(byA, byC.version))

  test('are in no version, so nobody is known to have seen them', () => {
    expect(met.hasOrphans).toBe(true)
    expect([...met.seen]).toEqual([])
    expect(met.version.equals(byA.version)).toBe(true)
  })

  test('are adopted by whoever has them, and so reach those who know of the tombstone', () => {
    const adopted = met.adoptOrphans(c)
    expect(adopted.hasOrphans).toBe(false)
    expect(adopted.version.versionOf(c.key)).toBe(1)
    const told = receiveGossip(byA, gossipFor(adopted, byA.version))
    expect(statuses(told)).toBe('a.up c.up d.joining')
    expect(told.version.equals(adopted.version)).toBe(true)
  })

  test('are not adopted by the removed node itself', () => {
    expect(met.adoptOrphans(b)).toBe(met)
  })
})

describe('equality', () => {
  const text = 'a.up b.up c.down | a✗b'
  const state = seenByAll(cluster(text))

  test('holds between states that know the same', () => {
    expect(state.equals(cluster(text))).toBe(true)
  })

  test.each([
    ['a member', state.with({ records: cluster('a.up b.leaving c.down').records })],
    ['the version', state.with({ version: state.version.increment('x') })],
    ['reachability', state.with({ reachability: state.reachability.withDoubts(b.key, true) })],
    ['who has seen it', seenByAll(state, 'b')],
    [
      'a tombstone',
      state.with({
        tombstones: cluster('x.up d.down').removeMembers([node('d')], 1, a).tombstones,
      }),
    ],
    ['a shard table', state.withAllocations('cart', new Map(), 1, a)],
    ['a service', state.withRegistry(state.registry.register(a, 'shop', '/'))],
    ['the cluster', state.with({ clusterId: 'other' })],
  ])('is broken by %s alone', (_, other) => {
    expect(state.equals(other)).toBe(false)
    expect(other.equals(state)).toBe(false)
  })

  test('compares tombstones by node and end, and not by when a wall clock said it was', () => {
    const gone = (text: string, removedAtMs: number) =>
      cluster(text).removeMembers([b], removedAtMs, a)
    expect(gone('a.up b.down', 1).equals(gone('a.up b.down', 2))).toBe(true)
    expect(gone('a.up b.down', 1).equals(gone('a.up b.exiting', 1))).toBe(false)
  })
})

describe('shard tables and services', () => {
  test('are no part of the version: they spread under versions of their own', () => {
    const state = cluster('a.up')
    const shards = new Map([[0, { primary: a, replicas: [] }]])
    const published = state.withAllocations('cart', shards, 2, a)
    expect(published.version).toBe(state.version)
    expect(published.seen).toBe(state.seen)
    expect(published.shardAllocations.get('cart')).toBe(shards)
    expect(published.allocationEpoch).toBe(2)
    expect(published.withAllocations('cart', new Map(), 1, b)).toBe(published)
  })
})

describe('for people', () => {
  test('a state is a line: members with their statuses, who is unreachable, whether it converged', () => {
    expect(`${cluster('a.up b.up')}`).toBe('ClusterState(a:1#1 up, b:1#1 up)')
    expect(`${cluster('a.up b.up | a✗b')}`).toBe(
      'ClusterState(a:1#1 up, b:1#1 up | unreachable b:1#1 | not converged)',
    )
  })

  test('the difference of two states tells who came, who went and who leads', () => {
    const before = cluster('a.up^1 b.up^2 c.up^3')
    const after = before.updateStatus(a, 'down', b).addMember(member('d.joining'), b)
    const changes = after.diff(before)
    expect(changes.joined.map(String)).toEqual(['d:1#1 joining'])
    expect(changes.removed.map(String)).toEqual(['a:1#1 up'])
    expect(changes.leader?.address.host).toBe('b')
    expect(changes).toMatchObject({ justElected: true, any: true })
    expect(after.diff(after)).toMatchObject({
      joined: [],
      removed: [],
      justElected: false,
      any: false,
    })
  })
})
