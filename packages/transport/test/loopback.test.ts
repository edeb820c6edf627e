import { describe, expect, test } from 'vitest'
import { NodeIdentity } from '@casty/transport'
import { bytesOf, createWorld, messageType, tell, textOf } from './world.ts'

describe('What a node sends to itself', () => {
  test('reaches its own handler, in order, once the turn is over', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    expect(tell(alice, alice, 'one')).toBe('sent')
    expect(tell(alice, alice, 'two', 'control')).toBe('sent')
    expect(tell(alice, alice, 'three')).toBe('sent')
    expect(alice.texts).toEqual([])
    await world.run(0)
    expect(alice.texts).toEqual(['one', 'two', 'three'])
    expect(alice.received.frames[0]?.from.equals(alice.endpoint.self)).toBe(true)
    expect(alice.told).toEqual([])
  })

  test('was copied: the sender may use its bytes again at once', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const bytes = bytesOf('kept')
    alice.endpoint.send(alice.endpoint.self, 'data', messageType, bytes)
    bytes.fill(0)
    await world.run(0)
    expect(alice.texts).toEqual(['kept'])
  })

  test('also arrives when it is named by an identity of equal value', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    alice.endpoint.send(NodeIdentity.parse('a:1#1'), 'data', messageType, bytesOf('me'))
    await world.run(0)
    expect(alice.texts).toEqual(['me'])
  })

  test('from within a handler waits for the next turn', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const heard: string[] = []
    alice.endpoint.handle(40, (from, bytes, start, end) => {
      heard.push(`enter ${textOf(bytes.subarray(start, end))}`)
      if (heard.length === 1) alice.endpoint.send(from, 'data', 40, bytesOf('second'))
      heard.push('exit')
    })
    alice.endpoint.send(alice.endpoint.self, 'data', 40, bytesOf('first'))
    await world.run(0)
    expect(heard).toEqual(['enter first', 'exit', 'enter second', 'exit'])
  })

  test('is bounded as what goes to others, and what is dropped is counted', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', {
      limits: { maxDataFrameBytes: 1_024, maxDataQueueBytes: 2_048, highWaterBytes: 1_024 },
    })
    const { endpoint } = alice
    const send = (size: number): string =>
      endpoint.send(endpoint.self, 'data', messageType, new Uint8Array(size))
    expect(send(1_024)).toBe('dropped')
    expect([send(1_000), send(1_000), send(1_000)]).toEqual(['sent', 'busy', 'dropped'])
    await world.run(0)
    expect(alice.received.frames).toHaveLength(2)
    expect(endpoint.counters().dropped).toMatchObject({ 'frame-too-large': 1, 'queue-full': 1 })
    expect(alice.told).toContain('lane-drained data a:1#1')
    expect(send(1_000)).toBe('sent')
  })

  test('is dropped as lane-closed when the endpoint closes first', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    tell(alice, alice, 'late')
    await alice[Symbol.asyncDispose]()
    expect(alice.texts).toEqual([])
    expect(alice.told).toEqual(['frame-dropped data a:1#1 32 lane-closed'])
  })

  test('in another life of its address is dropped as peer-gone', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const other = NodeIdentity.parse('a:1#7')
    expect(alice.endpoint.send(other, 'data', messageType, bytesOf('who?'))).toBe('dropped')
    expect(alice.told).toEqual(['frame-dropped data a:1#7 32 peer-gone'])
  })
})

test.each([['a:1#1'], [undefined], [null], [{ key: 'a:1#1' }]])(
  'a frame to %j is refused: whom it is for is a NodeIdentity',
  async (to) => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    // A wrong value is what is tested.
    const send = (): string => alice.endpoint.send(to as NodeIdentity, 'data', 32, bytesOf('x'))
    expect(send).toThrow(
      expect.objectContaining({
        code: 'CASTY_TRANSPORT_INVALID_OPTION',
        message: expect.stringContaining('a NodeIdentity'),
      }),
    )
  },
)
