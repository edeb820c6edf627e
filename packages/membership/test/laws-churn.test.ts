import { VectorClock } from '@casty/clock'
import { expect, test } from 'vitest'
import {
  ClusterState,
  gossipFor,
  Member,
  NodeAddress,
  NodeIdentity,
  receiveGossip,
} from '../src/index.ts'

function identity(port: number, incarnation: number): NodeIdentity {
  return NodeIdentity.of(NodeAddress.of('node', port), incarnation)
}

const keeper = identity(1, 1)
const joiningAndLeaving = 1_000
const addresses = 4

/** A node comes, makes a few changes of its own, goes, and is removed; all told to the keeper. */
function comeAndGo(state: ClusterState, life: number): ClusterState {
  const guest = identity(2 + (life % addresses), life)
  const joined = state.addMember(Member.of({ node: guest }), keeper)
  const seenByGuest = receiveGossip(ClusterState.empty, gossipFor(joined, VectorClock.empty))
    .adoptOrphans(guest)
    .updateStatus(guest, 'leaving', guest)
    .markUnreachable(keeper, guest)
    .withRegistry(joined.registry.register(guest, 'service', '/'))
  const told = receiveGossip(joined, gossipFor(seenByGuest, joined.version))
  return told.removeMembers([guest], life, keeper)
}

function founded(): ClusterState {
  return ClusterState.empty
    .with({ clusterId: 'churn' })
    .addMember(Member.of({ node: keeper, status: 'up', upNumber: 1 }), keeper)
}

test('a state stays as small as its addresses are few, however often nodes come and go', () => {
  let state = founded()
  for (let life = 1; life <= joiningAndLeaving; life++) state = comeAndGo(state, life)
  expect(state.members.map(({ node }) => node)).toEqual([keeper])
  expect(state.tombstones.size).toBe(addresses)
  expect(state.version.size).toBe(1)
  expect(state.reachability.rows.size).toBe(0)
  expect(state.rowCounters.size).toBe(0)
  expect(state.registry.rows.size).toBe(0)
  expect(state.seen.size).toBe(1)
})

test('a joiner is told as little after a thousand lives as after a few', () => {
  const toldAfter = (lives: number): number => {
    let state = founded()
    for (let life = 1; life <= lives; life++) state = comeAndGo(state, life)
    const { records, tombstones, rows, version } = gossipFor(state, VectorClock.empty)
    return records.length + tombstones.length + rows.length + version.size
  }
  expect(toldAfter(joiningAndLeaving)).toBe(toldAfter(addresses))
})

test('nodes that were replaced instead of removed leave nothing behind once they are removed', () => {
  let state = founded()
  const lives = Array.from({ length: joiningAndLeaving }, (_, index) => identity(2, index + 1))
  for (const guest of lives) {
    state = state
      .addMember(Member.of({ node: guest }), keeper)
      .updateStatus(guest, 'leaving', guest)
  }
  const [last] = lives.toReversed()
  expect(state.version.size).toBe(1 + joiningAndLeaving)
  const cleaned = state.removeMembers(lives.slice(0, -1), 1, keeper)
  expect(cleaned.version.entries().map(([key]) => key)).toEqual([keeper.key, last?.key])
  expect(cleaned.tombstones.size).toBe(1)
})

test('nobody removed is told of again to those who know of the tombstone', () => {
  const guest = identity(2, 1)
  const other = identity(3, 1)
  const shared = founded()
    .addMember(Member.of({ node: guest }), keeper)
    .addMember(Member.of({ node: other }), keeper)
  // The guest removes the other, and is removed itself before the keeper heard of that.
  const byGuest = shared.removeMembers([other], 1, guest)
  const byKeeper = shared.removeMembers([guest], 2, keeper)
  const both = receiveGossip(byGuest, gossipFor(byKeeper, byGuest.version))
  const stranger = identity(4, 1)
  const adopted = both.adoptOrphans(stranger)
  expect(both.hasOrphans).toBe(true)
  expect(adopted.hasOrphans).toBe(false)
  expect(gossipFor(adopted, adopted.version).tombstones).toEqual([])
  expect(adopted.tombstones.size).toBe(2)
  expect(adopted.version.versionOf(stranger.key)).toBe(1)
})
