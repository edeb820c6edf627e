import { NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { ClusterState, eventsBetween, Member } from '../src/index.ts'

const a = NodeIdentity.of(NodeAddress.of('a', 1), 1)
const b = NodeIdentity.of(NodeAddress.of('b', 1), 1)
const both = ClusterState.empty
  .addMember(Member.of({ node: a, status: 'up', upNumber: 1 }), a)
  .addMember(Member.of({ node: b, status: 'up', upNumber: 2 }), a)

const eventsOf = (before: ClusterState, after: ClusterState): string[] =>
  eventsBetween(before, after, { self: a.key })
    .filter((event) => 'member' in event)
    .map((event) => event.type)

test('a member that left is told to have left, also to a node that hears of the end only', () => {
  const exiting = both.updateStatus(b, 'leaving', a).updateStatus(b, 'exiting', a)
  const gone = exiting.updateStatus(b, 'removed', a)
  expect(eventsOf(both, gone)).toEqual(['member-left', 'member-exited', 'member-removed'])
  expect(eventsOf(exiting, gone)).toEqual(['member-removed'])
})

test('a member that was downed is told to have been downed before it is removed', () => {
  const gone = both.updateStatus(b, 'down', a).updateStatus(b, 'removed', a)
  expect(eventsOf(both, gone)).toEqual(['member-downed', 'member-removed'])
})

test('a member replaced by its next incarnation is downed, removed and joins, in this order', () => {
  const next = NodeIdentity.of(b.address, 2)
  const replaced = both.addMember(Member.of({ node: next }), a)
  expect(eventsOf(both, replaced)).toEqual(['member-downed', 'member-removed', 'member-joined'])
})
