// Which lives of an address are over, with room for few addresses.
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import { PeerHistory } from '../src/peer-history.ts'

const removed = NodeIdentity.parse('a:1#7')

test('a client makes nobody forget who was removed, however many addresses it names', () => {
  const history = new PeerHistory(2)
  history.recordRemoved(removed)
  for (let port = 1; port <= 9; port++) {
    history.recordMet(NodeIdentity.of(NodeAddress.of('x', port), 1), 'client')
  }
  expect(history.removed(removed.address)).toBe(7)
  expect(history.met(NodeAddress.of('x', 9), 'client')).toBe(1)
  expect(history.met(NodeAddress.of('x', 1), 'client')).toBeUndefined()
})

test('the address that was used longest ago falls out for a new one', () => {
  const history = new PeerHistory(2)
  history.recordRemoved(removed)
  history.recordMet(NodeIdentity.parse('b:1#1'), 'member')
  history.recordMet(removed, 'member')
  history.recordMet(NodeIdentity.parse('c:1#1'), 'member')
  expect(history.removed(removed.address)).toBe(7)
  expect(history.met(removed.address, 'member')).toBe(7)
  expect(history.met(NodeAddress.parse('b:1'), 'member')).toBeUndefined()
})
