import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { VectorClock } from '@casty/clock'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import {
  ClusterState,
  decodeMessage,
  encodeMessage,
  gossipFor,
  Member,
  type ClusterMessage,
  type Gossip,
} from '@casty/membership'
import { messages } from './codec-messages.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
const settings = {
  ...(process.env['CASTY_SEED'] !== undefined && { seed: Number(process.env['CASTY_SEED']) }),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 2_000),
}

const here = NodeIdentity.of(NodeAddress.of('here', 1), 7)
const empty: Gossip = gossipFor(ClusterState.empty, VectorClock.empty)

function stateOf(count: number): ClusterState {
  const members = Array.from({ length: count }, (_, index) => {
    const node = NodeIdentity.of(NodeAddress.of(`10.0.${index >> 8}.${index & 255}`, 2_551), 1.7e12)
    return Member.of({ node, status: 'up', upNumber: index + 1 })
  })
  const [first = Member.of({ node: here })] = members
  const state = ClusterState.empty.with({ clusterId: first.key }).mergeMembers(members, first.node)
  return state.markSeen(members.map((member) => member.key))
}

function malformed(bytes: Uint8Array): void {
  expect(() => decodeMessage(bytes)).toThrow(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_MALFORMED' }),
  )
}

describe('The codec of membership', () => {
  test('reads whatever it wrote', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message)
      }),
      settings,
    )
  })

  test('writes one message in one way', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const bytes = encodeMessage(message)
        expect(encodeMessage(decodeMessage(bytes))).toEqual(bytes)
      }),
      settings,
    )
  })

  test('reads within the bounds that it is given, wherever they lie in a buffer', () => {
    fc.assert(
      fc.property(messages, fc.nat(20), fc.nat(20), (message, before, after) => {
        const bytes = encodeMessage(message)
        const buffer = new Uint8Array(before + bytes.length + after).fill(0xff)
        buffer.set(bytes, before)
        expect(decodeMessage(buffer, before, before + bytes.length)).toEqual(message)
      }),
      { ...settings, numRuns: Math.ceil(settings.numRuns / 10) },
    )
  })

  test('keeps nothing of the buffer that it read from', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const bytes = encodeMessage(message)
        const decoded = decodeMessage(bytes)
        bytes.fill(0xdb)
        expect(decoded).toEqual(message)
      }),
      { ...settings, numRuns: Math.ceil(settings.numRuns / 10) },
    )
  })

  test('refuses every message that is cut short or has bytes to spare', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const bytes = encodeMessage(message)
        for (let length = 0; length < bytes.length; length++) malformed(bytes.subarray(0, length))
        malformed(Uint8Array.of(...bytes, 0))
      }),
      { ...settings, numRuns: Math.ceil(settings.numRuns / 20) },
    )
  })

  test('is exercised with messages of every type', () => {
    const types = new Set(fc.sample(messages, { numRuns: 500, seed: 1 }).map(({ type }) => type))
    expect(types.size).toBe(17)
  })

  test.each<readonly [string, ClusterMessage]>([
    [
      'a removed member',
      gossipOf({ records: [recordOf(Member.of({ node: here, status: 'removed' }))] }),
    ],
    [
      'a count beyond belief',
      { type: 'gossip-request', version: VectorClock.of([[here.key, 2 ** 52 + 1]]) },
    ],
    [
      'more roles than a member has',
      gossipOf({
        records: [
          recordOf(
            Member.of({ node: here, roles: Array.from({ length: 65 }, (_, index) => `r${index}`) }),
          ),
        ],
      }),
    ],
  ])('refuses %s', (_, message) => {
    malformed(encodeMessage(message))
  })

  test('refuses tags that no message has', () => {
    for (const tag of [0, 16, 17, 100, 255]) malformed(Uint8Array.of(tag, 0))
  })
})

describe('The size of what is sent', () => {
  test('of a heartbeat is a few bytes', () => {
    expect(
      encodeMessage({ type: 'heartbeat', sequence: 1_000, paddingBytes: 0 }).length,
    ).toBeLessThanOrEqual(5)
  })

  test('of a status does not depend on the number of members', () => {
    const sizes = [10, 1_000].map((count) => {
      const { versionDigest, seenDigest } = stateOf(count)
      return encodeMessage({
        type: 'gossip-status',
        versionDigest,
        seenDigest,
        allocationsDigest: 0,
        registryDigest: 0,
      }).length
    })
    for (const size of sizes) expect(size).toBeLessThanOrEqual(20)
  })

  test('of a whole state grows by less than 40 bytes a member', () => {
    const sizes = [10, 100, 1_000].map((count) => {
      const gossip = gossipFor(stateOf(count), VectorClock.empty)
      return [count, encodeMessage({ type: 'gossip', gossip }).length] as const
    })
    console.log(sizes.map(([count, size]) => `${count} members: ${size} bytes`).join(', '))
    for (const [count, size] of sizes) expect(size / count).toBeLessThan(40)
  })

  test('of one change to a thousand members is that of the change and a bit per member', () => {
    const before = stateOf(1_000)
    const [first = Member.of({ node: here })] = before.members
    const after = before.updateStatus(first.node, 'leaving', first.node)
    const gossip = gossipFor(after, before.version)
    expect(encodeMessage({ type: 'gossip', gossip }).length).toBeLessThan(125 + 120)
  })
})

function gossipOf(parts: Partial<Gossip>): ClusterMessage {
  return { type: 'gossip', gossip: { ...empty, ...parts } }
}

function recordOf(member: Member): Gossip['records'][number] {
  return { member, dot: { node: here.key, counter: 1 } }
}
