import { describe, expect, test } from 'vitest'
import type { NodeIdentity } from '@casty/transport'
import { membershipFrameType } from '@casty/membership'
import { ClusterWorld } from './cluster-world.ts'

const hello = Uint8Array.of(1, 2, 3)

describe("A cluster's endpoint", () => {
  test('carries frames of the user to other members, and to this node itself', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const [a, b] = [world.cluster('a'), world.cluster('b')]
    const heard: string[] = []
    for (const { endpoint } of [a, b]) {
      endpoint.handle(32, (from, bytes, start, end) => {
        heard.push(`${endpoint.self.address} from ${from.address}: ${bytes.subarray(start, end)}`)
      })
    }
    expect(a.endpoint.send(b.self, 'data', 32, hello)).toBe('sent')
    expect(a.endpoint.send(a.self, 'data', 32, hello)).toBe('sent')
    expect(heard).toEqual([])
    await world.advance(100)
    expect(heard.toSorted()).toEqual(['a:1 from a:1: 1,2,3', 'b:1 from a:1: 1,2,3'])
    expect(a.endpoint.isConnected(b.self, 'data')).toBe(true)
    expect(a.endpoint.lastHeardAt(b.self)).toBeGreaterThan(0)
    expect(a.endpoint.counters().framesSent).toBeGreaterThan(0)
    expect(a.endpoint.explain().self).toBe(a.self.toString())
  })

  test.each([0, membershipFrameType, 31, 256, 32.5, Number.NaN])(
    'leaves frame type %d alone: it is not free',
    async (frameType) => {
      await using world = new ClusterWorld()
      await world.startAll('a b')
      const { endpoint } = world.cluster('a')
      const refused = expect.objectContaining({
        code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
        message: expect.stringContaining('frameType'),
      })
      expect(() => endpoint.handle(frameType, () => {})).toThrow(refused)
      expect(() => endpoint.send(world.cluster('b').self, 'data', frameType, hello)).toThrow(
        refused,
      )
    },
  )

  test('hands over only what its filter lets through, while there is one', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const [a, b] = [world.cluster('a'), world.cluster('b')]
    const heard: number[] = []
    b.endpoint.handle(32, (_, bytes, start) => void heard.push(bytes[start] ?? 0))
    const asked: string[] = []
    const send = async (value: number): Promise<void> => {
      a.endpoint.send(b.self, 'data', 32, Uint8Array.of(value))
      await world.advance(100)
    }
    const filter = b.endpoint.filter((from, frameType, sizeBytes) => {
      asked.push(`${from.address} ${frameType} ${sizeBytes}`)
      return false
    })
    expect(() => b.endpoint.filter(() => true)).toThrow(/one at a time/)
    await send(1)
    filter[Symbol.dispose]()
    await send(2)
    expect(asked).toEqual(['a:1 32 1'])
    expect(heard).toEqual([2])
  })

  test('says what is wrong where a frame is for a member rather than for its node', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    const { endpoint, selfMember } = world.cluster('a')
    // Wrong values are what is tested.
    expect(() => endpoint.send(selfMember as unknown as NodeIdentity, 'data', 32, hello)).toThrow(
      expect.objectContaining({
        code: 'CASTY_TRANSPORT_INVALID_OPTION',
        message: expect.stringContaining('member.node'),
      }),
    )
  })
})
