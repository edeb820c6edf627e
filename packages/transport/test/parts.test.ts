// Frames of a head and of parts: what is sent behind each other to one peer shares a frame.
import { maxJoinedBytes, type SendOutcome } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { createWorld, messageType, tell, textOf, type Node, type World } from './world.ts'

const otherType = messageType + 1
const head = 'head '

/** Sends a part, with the head that it has where it begins a frame. */
function join(from: Node, to: Node, part: string): SendOutcome {
  const bytes = new TextEncoder().encode(head + part)
  const { endpoint } = from
  return endpoint.join(to.endpoint.self, 'data', messageType, bytes, 0, head.length, bytes.length)
}

async function connected(world: World, limits = {}): Promise<readonly [alice: Node, bob: Node]> {
  const alice = await world.start('a:1', { limits })
  const bob = await world.start('b:1', { limits })
  tell(alice, bob, 'first')
  await world.run()
  bob.received.clear()
  alice.events.length = 0
  return [alice, bob]
}

async function dispose(...nodes: readonly Node[]): Promise<void> {
  for (const node of nodes) await node[Symbol.asyncDispose]()
}

describe('Parts', () => {
  test('of one turn share a frame, and its head', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    const { framesSent } = alice.endpoint.counters()
    for (const part of ['1', '2', '3']) expect(join(alice, bob, part)).toBe('sent')
    await world.run()
    join(alice, bob, '4')
    await world.run()
    expect(bob.texts).toEqual(['head 123', 'head 4'])
    expect(alice.endpoint.counters().framesSent).toBe(framesSent + 2)
    await dispose(alice, bob)
  })

  test('come in order with frames that are sent between them', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    const others: string[] = []
    bob.endpoint.handle(otherType, (_, bytes, start, end) => {
      others.push(`${textOf(bytes.slice(start, end))} behind ${bob.texts.length}`)
    })
    join(alice, bob, '1')
    tell(alice, bob, 'whole')
    join(alice, bob, '2')
    alice.endpoint.send(bob.endpoint.self, 'data', otherType, Uint8Array.of(0x78))
    join(alice, bob, '3')
    join(alice, bob, '4')
    await world.run()
    expect(bob.texts).toEqual(['head 1', 'whole', 'head 2', 'head 34'])
    expect(others).toEqual(['x behind 3'])
    await dispose(alice, bob)
  })

  test('are all there, each once and in order, in frames that are no longer than they may be', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    const parts = Array.from({ length: 5_000 }, (_, index) => `<${index}${'.'.repeat(index % 50)}>`)
    for (const part of parts) join(alice, bob, part)
    await world.run()
    expect(bob.texts.map((text) => text.slice(head.length)).join('')).toBe(parts.join(''))
    const longest = Math.max(...bob.texts.map(({ length }) => length))
    expect(longest).toBeLessThanOrEqual(maxJoinedBytes)
    expect(longest).toBeGreaterThan(maxJoinedBytes - 60)
    await dispose(alice, bob)
  })

  test('share no frame that would be longer than a frame may be', async () => {
    const world = createWorld()
    const maxDataFrameBytes = 1_024
    const [alice, bob] = await connected(world, { maxDataFrameBytes })
    // With a byte for the type, two of them fill a frame.
    const part = '.'.repeat((maxDataFrameBytes - 1 - head.length) / 2)
    for (let count = 0; count < 4; count++) join(alice, bob, part)
    await world.run()
    expect(bob.texts.map(({ length }) => length)).toEqual([1_023, 1_023])
    expect(join(alice, bob, `${part}${part}.`)).toBe('dropped')
    await dispose(alice, bob)
  })

  test('share no frame that is longer than the other node may have been told to take', async () => {
    const world = createWorld()
    const alice = await world.start('a:1')
    const bob = await world.start('b:1', { limits: { maxDataFrameBytes: 1_024 } })
    const parts = Array.from({ length: 500 }, (_, index) => `<${index}>`)
    for (const part of parts) join(alice, bob, part)
    await world.run()
    expect(bob.texts.map((text) => text.slice(head.length)).join('')).toBe(parts.join(''))
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'data')).toBe(true)
    await dispose(alice, bob)
  })

  test('that wait for a connection are told as lost one by one', async () => {
    const world = createWorld()
    const alice = await world.start('a:1')
    const bob = await world.start('b:1')
    await bob[Symbol.asyncDispose]()
    for (const part of ['1', '2', '3']) join(alice, bob, part)
    await world.run()
    expect(alice.events).toContainEqual(
      expect.objectContaining({ type: 'dial-failed', lostFrames: 3 }),
    )
    await dispose(alice)
  })

  test('for this node itself come one by one', async () => {
    const world = createWorld()
    const alice = await world.start('a:1')
    for (const part of ['1', '2']) expect(join(alice, alice, part)).toBe('sent')
    await world.run()
    expect(alice.texts).toEqual(['head 1', 'head 2'])
    await dispose(alice)
  })

  test('of a range that is none are refused', async () => {
    const world = createWorld()
    const alice = await world.start('a:1')
    const { endpoint } = alice
    const act = (): SendOutcome =>
      endpoint.join(endpoint.self, 'data', messageType, new Uint8Array(4), 2, 1, 4)
    expect(act).toThrow(expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_OPTION' }))
    await dispose(alice)
  })
})
