// The way from one node to the owner of a shard, in the order of what is sent.
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { expect, test } from 'vitest'
import type { Home } from '../src/region/home.ts'
import { ShardRoute, type RouteSurroundings } from '../src/region/shard-route.ts'

function node(host: string): NodeIdentity {
  return NodeIdentity.of(NodeAddress.of(host, 1), 1)
}

const [a, b, c] = [node('a'), node('b'), node('c')]
const drainTimeoutMs = 100

const around: RouteSurroundings = {
  self: a,
  drainTimeoutMs,
  fenceAgainMs: 1_000,
  behindTimeoutMs: 1_000,
  isReachable: () => true,
  nextToken: () => 1,
}

function homeAt(owner: NodeIdentity, epoch: number): Home {
  return { owner, epoch, movingTo: undefined }
}

/** Sends to b, which is the owner no more from time 0 on. */
function moved(): ShardRoute {
  const route = new ShardRoute()
  route.homeChanged(homeAt(b, 1), around, 0)
  expect(route.kind).toBe('there')
  expect(route.homeChanged(homeAt(c, 2), around, 0)).toHaveLength(1)
  expect(route.kind).toBe('waiting')
  return route
}

/** Whether what was sent to b under that epoch can still be sent on in order. */
function comesBack(route: ShardRoute, now: number, from = b, epoch = 1): boolean {
  const [isInOrder] = route.returned(from, epoch, 2, around, now)
  return isInOrder
}

test('what comes back before the way to the next owner opens is sent on', () => {
  expect(comesBack(moved(), 50)).toBe(true)
})

test('what comes back from elsewhere, or from before, is not sent on', () => {
  expect(comesBack(moved(), 50, c)).toBe(false)
  expect(comesBack(moved(), 50, b, 0)).toBe(false)
})

test('what comes back behind the last fence is too late to be in order', () => {
  const route = moved()
  route.drained(b, 1, around, 10)
  expect(route.kind).toBe('there')
  expect(comesBack(route, 20)).toBe(false)
})

test('what comes back when nobody waits for it any more is too late to be in order', () => {
  const route = moved()
  route.settle(around, drainTimeoutMs)
  expect(route.node).toBe(c)
  expect(comesBack(route, drainTimeoutMs + 1)).toBe(false)
})

test('what comes back from whom it was not waited for, as that was out of reach, is too late', () => {
  const route = new ShardRoute()
  route.homeChanged(homeAt(b, 1), around, 0)
  const without = { ...around, isReachable: (other: NodeIdentity) => !other.equals(b) }
  route.homeChanged(homeAt(c, 2), without, 0)
  expect(route.node).toBe(c)
  expect(comesBack(route, 1)).toBe(false)
})

test('an owner that comes into reach while it hands over gets its fence then, and waits for no other', () => {
  const route = new ShardRoute()
  const moving: Home = { owner: b, epoch: 1, movingTo: c }
  expect(route.homeChanged(moving, { ...around, isReachable: () => false }, 0)).toEqual([])
  expect(route.settle(around, 10)).toMatchObject([{ to: b, epoch: 1 }])
  expect(route.settle(around, 20)).toEqual([])
})

test('nothing is sent to an owner that leaves, and what comes back from there is sent on', () => {
  const route = new ShardRoute()
  route.homeChanged(homeAt(b, 1), around, 0)
  expect(route.leaves(b, around, 0)).toMatchObject([{ to: b, epoch: 1 }])
  expect(route.kind).toBe('waiting')
  expect(comesBack(route, 10)).toBe(true)
  route.drained(b, 1, around, 20)
  expect(route.kind).toBe('waiting') // Nobody has told yet who has the shard now.
  route.homeChanged(homeAt(c, 2), around, 30)
  expect(route.node).toBe(c)
})

test('one that leaves without having the shard is no reason to wait', () => {
  const route = new ShardRoute()
  route.homeChanged(homeAt(b, 1), around, 0)
  expect(route.leaves(c, around, 0)).toEqual([])
  expect(route.node).toBe(b)
})
