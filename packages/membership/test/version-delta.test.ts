import { VectorClock } from '@casty/clock'
import { encodeMessage, NodeAddress, NodeIdentity, type MembershipMessage } from '@casty/membership'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMessage } from '../src/codec.ts'
import { clockDigest, derivedFrom } from '../src/digest.ts'
import { ToldPeers, ToldVersions, UnknownVersion } from '../src/version-delta.ts'

const versions = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(4))
  .map((counts) => VectorClock.of(counts))

test('the digest of a version follows from that of one before it', () => {
  fc.assert(
    fc.property(versions, versions, (version, former) => {
      clockDigest(former)
      const next = former.withEntries(version.changesSince(former))
      expect(clockDigest(derivedFrom(former, next))).toBe(clockDigest(version))
    }),
  )
})

test('two versions have one digest exactly when they are equal', () => {
  fc.assert(
    fc.property(versions, versions, (left, right) => {
      expect(clockDigest(left) === clockDigest(right)).toBe(left.equals(right))
    }),
  )
})

const nodes = Array.from({ length: 100 }, (_, index) =>
  NodeIdentity.of(NodeAddress.of(`node-${index}`, 1), 1_700_000_000_000 + index),
)
const self = NodeIdentity.parse('self:1#1').key
const told = VectorClock.of(nodes.map(({ key }) => [key, 3] as const))
const later = told.increment(nodes[7]?.key ?? '')
const request: MembershipMessage = { type: 'gossip-request', version: later, since: told }

test('a version of many entries travels as what differs from one that the receiver told', () => {
  const bytes = encodeMessage(request)
  expect(bytes.length).toBeLessThan(50)
  const recall = (digest: number): VectorClock | undefined =>
    digest === clockDigest(told) ? told : undefined
  const message = decodeMessage(bytes, 0, bytes.length, recall)
  expect(message.type === 'gossip-request' && message.version.equals(later)).toBe(true)
})

test('a message that builds on a version nobody told is malformed, for that reason', () => {
  expect(() => decodeMessage(encodeMessage(request))).toThrow(
    expect.objectContaining({
      code: 'CASTY_TRANSPORT_MALFORMED',
      cause: expect.any(UnknownVersion),
    }),
  )
})

test('a small version travels whole, whatever the receiver told', () => {
  const since = VectorClock.of(nodes.slice(0, 10).map(({ key }) => [key, 1] as const))
  const version = since.increment(nodes[3]?.key ?? '')
  const message = decodeMessage(encodeMessage({ type: 'gossip-request', version, since }))
  expect(message.type === 'gossip-request' && message.version.equals(version)).toBe(true)
})

test('of the versions told the last few are remembered', () => {
  const memory = new ToldVersions(2)
  const [first, second, third] = [told, later, later.increment('x')]
  for (const version of [first, second, second, third]) memory.remember(version, clockDigest)
  expect(memory.get(clockDigest(first))).toBeUndefined()
  expect(memory.get(clockDigest(second))).toBe(second)
  expect(memory.get(clockDigest(third))).toBe(third)
})

test('what a peer was told is remembered whatever others are told, until too many others are', () => {
  const memory = new ToldPeers(2, 1)
  const [first, second, third] = nodes.map(({ key }) => key)
  memory.remember(first ?? self, told, clockDigest)
  memory.remember(second ?? self, later, clockDigest)
  expect(memory.get(first ?? self, clockDigest(told))).toBe(told)
  expect(memory.get(second ?? self, clockDigest(told))).toBeUndefined()
  memory.remember(third ?? self, later, clockDigest)
  expect(memory.get(first ?? self, clockDigest(told))).toBeUndefined()
  expect(memory.get(third ?? self, clockDigest(later))).toBe(later)
})
