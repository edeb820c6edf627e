// Messages of one turn for one node share a frame: each is still one message, with its own fate.
import { describe, expect, test } from 'vitest'
import { remoteFrameTypes } from '../src/frame-types.ts'
import { ClientWorld } from './client-world.ts'
import { echoing, RemoteWorld, writing, type Question } from './remote-world.ts'

const { messages } = remoteFrameTypes
/** Of a frame in front of its parts. */
const headBytes = 7

interface Recorded {
  readonly world: RemoteWorld
  /** What came for this layer at b, which is not there to take it. */
  readonly frames: Uint8Array[]
}

/** Node b takes down frames instead of heeding them. */
async function recording(): Promise<Recorded> {
  const world = await RemoteWorld.of('a b')
  const b = world.node('b')
  const frames: Uint8Array[] = []
  b.remoting[Symbol.dispose]()
  b.cluster.endpoint.handle(messages, (_, bytes, start, end) => {
    frames.push(bytes.slice(start, end))
  })
  return { world, frames }
}

describe('Messages of one turn to one node', () => {
  test('share a frame, whoever they are for', async () => {
    const { world, frames } = await recording()
    await using _ = world
    for (let count = 0; count < 10; count++) world.ref<unknown>('a', 'b', '/one').tell(count)
    world.ref<unknown>('a', 'b', '/two').tell('x')
    await world.settle()
    // The first frame of a session stands alone: nothing else may have begun the one before.
    expect(frames).toHaveLength(2)
    world.ref<unknown>('a', 'b', '/two').tell('y')
    await world.settle()
    expect(frames).toHaveLength(3)
  })

  test('and answers arrive in order, however many there are', async () => {
    await using world = await RemoteWorld.of('a b')
    const [a, b] = [world.node('a'), world.node('b')]
    const log: unknown[] = []
    b.system.spawn(writing(log), { name: 'log' })
    b.system.spawn(echoing, { name: 'desk', mailbox: { capacity: 10_000 } })
    const desk = world.ref<Question>('a', 'b', '/desk')
    const expected = Array.from({ length: 500 }, (_, index) => index)
    const asked = expected.map(async (about) => {
      world.ref<unknown>('a', 'b', '/log').tell(about)
      return await a.system.ask<Question, unknown>(desk, (replyTo) => ({ about, replyTo }))
    })
    expect(await world.settled(Promise.all(asked))).toEqual(expected)
    expect(log).toEqual(expected)
    expect(b.remoting.metrics()).toMatchObject({ malformed: 0, late: 0, messagesReceived: 500 })
    expect(b.remoting.explain().peers[0]).toMatchObject({ partsReceived: 1_000, missed: 0 })
  })

  test('do not share what becomes of one that cannot be read', async () => {
    const { world, frames } = await recording()
    await using _ = world
    const [a, b] = [world.node('a'), world.node('b')]
    world.ref<unknown>('a', 'b', '/log').tell('first')
    for (const text of ['second', 'third', 'fourth'])
      world.ref<unknown>('a', 'b', '/log').tell(text)
    await world.settle()
    const [, rest] = frames
    if (!rest) expect.fail('Nothing came')
    await using other = await RemoteWorld.of('a b')
    const log: unknown[] = []
    other.node('b').system.spawn(writing(log), { name: 'log' })
    // The text of the second part is one that MessagePack does not know.
    const at = rest.indexOf('t'.charCodeAt(0), headBytes)
    rest[at - 1] = 0xc1
    rest.fill(0, 3, headBytes) // As the first of its session.
    const { endpoint } = other.node('a').cluster
    endpoint.send(other.node('b').cluster.self, 'data', messages, rest)
    await other.settle()
    expect(log).toEqual(['second', 'fourth'])
    const { remoting } = other.node('b')
    expect(remoting.metrics().malformed).toBe(1)
    expect(remoting.explain().peers[0]).toMatchObject({ partsReceived: 3, missed: 0 })
    expect([a.lost, b.lost]).toEqual([[], []])
  })

  test('are missed one by one where their frame is lost', async () => {
    const { world, frames } = await recording()
    await using _ = world
    const ref = world.ref<unknown>('a', 'b', '/log')
    for (const text of ['first', 'second', 'third', 'fourth']) ref.tell(text)
    await world.settle()
    ref.tell('fifth')
    await world.settle()
    const [first, , last] = frames
    if (!first || !last) expect.fail('They did not come')
    await using other = await RemoteWorld.of('a b')
    const { endpoint } = other.node('a').cluster
    for (const frame of [first, last]) {
      endpoint.send(other.node('b').cluster.self, 'data', messages, frame)
    }
    await other.settle()
    expect(other.node('b').events).toMatchObject([{ type: 'gap', direction: 'received', count: 3 }])
  })
})

describe('A frame of parts', () => {
  const head = [0, 0, 1, 0, 0, 0, 0]
  const part = [4, 0x20, 9, 9, 1]

  test.each([
    ['that end behind it', [...head, 9, 0x20, 9, 9, 1]],
    ['that are too short to be one', [...head, 1, 0, 1, 0, 1, 0]],
    ['of no kind', [...head, 4, 0x40, 9, 9, 1]],
    ['that are none', head],
    ['that are many, and longer than such a frame may be', longFrame()],
  ])('%s is malformed, and counted once', async (_, bytes) => {
    await using world = await RemoteWorld.of('a b')
    const { cluster, remoting } = world.node('b')
    const { endpoint } = world.node('a').cluster
    endpoint.send(cluster.self, 'data', messages, Uint8Array.from(bytes))
    await world.settle()
    expect(remoting.metrics()).toMatchObject({ malformed: 1, questionsReceived: 0 })
    expect(cluster.endpoint.counters().handlerErrors).toBe(0)
  })

  function longFrame(): readonly number[] {
    return [...head, ...Array.from({ length: 500 }, () => part).flat()]
  }
})

test('each part of a frame counts where a client is held to its share', async () => {
  await using world = await ClientWorld.with('a', { maxFramesPerSecond: 50 })
  const log: unknown[] = []
  world.node('a').system.spawn(writing(log), { name: 'log' })
  const { client } = await world.client('x')
  const ref = client.ref<unknown>(world.node('a').cluster.self, '/log')
  for (let count = 0; count < 500; count++) ref.tell(count)
  await world.settle()
  expect(log.length).toBeGreaterThan(10)
  expect(log.length).toBeLessThan(100)
  const dropped = world.access.get('a')?.metrics().dropped['too-many-frames'] ?? 0
  expect(log.length + dropped).toBeGreaterThanOrEqual(500)
})
