import { NodeIdentity, type Channel, type Transport } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { connectRaw, helloBytes } from './raw.ts'
import { createWorld, messageType, tell, type Node, type World } from './world.ts'

const kibibyte = 1_024

async function connected(
  world: World,
  options: Parameters<World['start']>[1] = {},
): Promise<readonly [alice: Node, bob: Node]> {
  const alice = await world.start('a:1', options)
  const bob = await world.start('b:1', options)
  tell(alice, bob, 'first', 'control')
  tell(alice, bob, 'first', 'data')
  await world.run()
  bob.received.clear()
  alice.events.length = bob.events.length = 0
  return [alice, bob]
}

function fill(from: Node, to: Node, bytes: number, lane: 'control' | 'data' = 'data'): string {
  return from.endpoint.send(to.endpoint.self, lane, messageType, new Uint8Array(bytes))
}

describe('frames', () => {
  test('sent before there is a connection arrive in order once there is one', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    for (const text of ['1', '2', '3']) expect(tell(alice, bob, text)).toBe('sent')
    await world.run()
    expect(bob.texts).toEqual(['1', '2', '3'])
  })

  test('of one turn leave in one write', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    const before = written(world, alice)
    for (let count = 0; count < 100; count++) tell(alice, bob, `${count}`)
    await world.run()
    expect(bob.texts).toHaveLength(100)
    expect(written(world, alice) - before).toBe(1)
    await dispose(alice, bob)
  })

  test('of a turn that takes long leave before it is over, in few writes and in order', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    const before = written(world, alice)
    const expected = Array.from({ length: 1_600 }, (_, index) => `${index}`)
    let early = 0
    for (const text of expected) {
      tell(alice, bob, text)
      world.clock.advance(0.001)
      early = written(world, alice) - before
    }
    expect(early).toBeGreaterThan(1)
    await world.run()
    expect(bob.texts).toEqual(expected)
    expect(written(world, alice) - before).toBeLessThan(10) // Each waits for twice as long as the one before.
    await dispose(alice, bob)
  })

  test('that are few and hold much leave before a long turn is over as well', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    const before = written(world, alice)
    for (let count = 0; count < 5; count++) {
      fill(alice, bob, 400)
      world.clock.advance(0.02)
    }
    expect(written(world, alice) - before).toBe(1)
    await world.run()
    expect(written(world, alice) - before).toBe(2)
    await dispose(alice, bob)
  })

  test('of a turn that takes long leave together where the channel says that a write takes much', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world, { transport: gathering(world, 2) })
    const before = written(world, alice)
    for (let count = 0; count < 1_600; count++) {
      tell(alice, bob, `${count}`)
      world.clock.advance(0.001)
    }
    await world.run()
    expect(bob.texts).toHaveLength(1_600)
    expect(written(world, alice) - before).toBe(1)
    await dispose(alice, bob)
  })

  test('carry the identity of their sender, and their lane', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    tell(alice, bob, 'x', 'control')
    tell(alice, bob, 'y', 'data')
    await world.run()
    expect(bob.received.frames.map(({ from, lane }) => `${from} ${lane}`)).toEqual([
      'a:1#1 control',
      'a:1#1 data',
    ])
    await dispose(alice, bob)
  })

  test('are copied by send, so that the sender may reuse its buffer', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    const buffer = Uint8Array.of(1, 2, 3, 4)
    alice.endpoint.send(bob.endpoint.self, 'data', messageType, buffer, 1, 3)
    buffer.fill(9)
    await world.run()
    expect(bob.received.frames[0]?.body).toEqual(Uint8Array.of(2, 3))
    await dispose(alice, bob)
  })

  test('above the limit of their lane are dropped at the sender', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    expect(fill(alice, bob, 64 * kibibyte, 'control')).toBe('dropped')
    expect(fill(alice, bob, 64 * kibibyte - 1, 'control')).toBe('sent')
    expect(alice.told).toEqual(['frame-dropped control b:1#1 32 frame-too-large'])
    expect(alice.endpoint.counters().dropped['frame-too-large']).toBe(1)
    await dispose(alice, bob)
  })

  test('of a type without a handler are counted, published and dropped', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    alice.endpoint.send(bob.endpoint.self, 'data', 99, new Uint8Array(1))
    tell(alice, bob, 'next')
    await world.run()
    expect(bob.told).toEqual(['frame-dropped data a:1#1 99 unknown-type'])
    expect(bob.texts).toEqual(['next'])
    await dispose(alice, bob)
  })

  test('of a transport to come are dropped, and the connection stays', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const alice = NodeIdentity.parse('a:1#1')
    const end = await connectRaw(world, bob.address)
    end.write(helloBytes(alice, bob.endpoint.self))
    end.write(Uint8Array.of(0, 0, 0, 2, 15, 7, 0, 0, 0, 2, messageType, 65))
    await world.run()
    expect(bob.told).toEqual([
      'lane-opened control a:1#1',
      'frame-dropped control a:1#1 15 unknown-type',
    ])
    expect(bob.texts).toEqual(['A'])
  })

  test('whose handler throws are counted as malformed, and the next one is handled', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    using _handler = bob.endpoint.handle(40, () => {
      throw new Error('cannot read that')
    })
    alice.endpoint.send(bob.endpoint.self, 'data', 40, new Uint8Array(1))
    tell(alice, bob, 'next')
    await world.run()
    expect(bob.told).toEqual(['frame-dropped data a:1#1 40 malformed'])
    expect(bob.texts).toEqual(['next'])
    expect(bob.endpoint.counters().handlerErrors).toBe(1)
    await dispose(alice, bob)
  })

  test.each([0, 15, 256, 16.5, -1, Number.NaN])(
    'of the reserved or impossible type %d are not sent or handled',
    async (frameType) => {
      const world = createWorld()
      await using alice = await world.start('a:1')
      const refused = expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_OPTION' })
      const to = alice.endpoint.self
      expect(() => alice.endpoint.send(to, 'data', frameType, new Uint8Array(1))).toThrow(refused)
      expect(() => alice.endpoint.handle(frameType, () => {})).toThrow(refused)
    },
  )

  test('have one handler for each type', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const first = alice.endpoint.handle(50, () => {})
    expect(() => alice.endpoint.handle(50, () => {})).toThrow(/without a handler/)
    first[Symbol.dispose]()
    expect(() => alice.endpoint.handle(50, () => {})[Symbol.dispose]()).not.toThrow()
  })

  test('from outside their buffer are refused', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    const { self } = bob.endpoint
    expect(() => alice.endpoint.send(self, 'data', 32, new Uint8Array(2), 1, 3)).toThrow(
      expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_OPTION' }),
    )
  })
})

describe('a slow peer', () => {
  const limits = {
    maxDataQueueBytes: 2_048 * kibibyte,
    highWaterBytes: 100 * kibibyte,
    maxControlQueueBytes: 128 * kibibyte,
    maxSilenceMs: 600_000,
  }

  test('makes send answer busy, and lane-drained tells when to go on', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world, { limits })
    world.network.pause(bob.address)
    const outcomes = Array.from({ length: 20 }, () => fill(alice, bob, 50 * kibibyte))
    expect(outcomes[0]).toBe('sent')
    expect(outcomes.at(-1)).toBe('busy')
    await world.run()
    expect(alice.told).toEqual([])
    world.network.resume(bob.address)
    await world.run()
    expect(alice.told).toEqual(['lane-drained data b:1#1'])
    expect(bob.received.frames).toHaveLength(20)
    await dispose(alice, bob)
  })

  test('costs no more memory than the bound: the newest data is dropped, and counted', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world, { limits })
    world.network.pause(bob.address)
    const outcomes: string[] = []
    for (let count = 0; count < 60; count++) {
      outcomes.push(fill(alice, bob, 50 * kibibyte))
      await world.run(1)
    }
    const dropped = outcomes.filter((outcome) => outcome === 'dropped').length
    expect(dropped).toBeGreaterThan(0)
    expect(alice.endpoint.counters().dropped['queue-full']).toBe(dropped)
    const [association] = alice.endpoint.explain().associations
    expect(association?.data).toMatchObject({ state: 'open', blocked: true })
    expect(association?.data.queuedBytes).toBeLessThanOrEqual(limits.maxDataQueueBytes)
    world.network.resume(bob.address)
    await world.run()
    expect(bob.received.frames).toHaveLength(60 - dropped)
    await dispose(alice, bob)
  })

  test('with a backlog of data still gets control frames before it', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world, { limits })
    world.network.bandwidth(alice.address, bob.address, 100 * kibibyte)
    for (let count = 0; count < 30; count++) fill(alice, bob, 50 * kibibyte) // Fifteen seconds' worth.
    await world.run()
    tell(alice, bob, 'heartbeat', 'control')
    await world.run(3_000) // What is on the line already goes first: a window's worth.
    expect(bob.received.frames.some(({ lane }) => lane === 'control')).toBe(true)
    expect(bob.received.frames.filter(({ lane }) => lane === 'data').length).toBeLessThan(10)
    await world.run(15_000)
    expect(bob.received.frames).toHaveLength(31)
    await dispose(alice, bob)
  })

  test('that takes no control frames loses its association, which is dialled again if kept', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world, { limits })
    alice.endpoint.keep(bob.endpoint.self)
    world.network.pause(bob.address)
    for (let count = 0; count < 20; count++) {
      fill(alice, bob, 30 * kibibyte, 'control')
      await world.run(1)
    }
    expect(alice.told).toContainEqual(expect.stringMatching(/^lane-closed control b:1#1 overflow/))
    expect(alice.told).toContainEqual(expect.stringMatching(/^lane-closed data b:1#1 overflow/))
    world.network.resume(bob.address)
    await world.run(6_000)
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
    await dispose(alice, bob)
  })

  test('that cannot be reached costs no more than the bound of each lane', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { limits })
    await using bob = await world.start('b:1')
    world.network.cut(alice.address, bob.address)
    for (let count = 0; count < 200; count++) {
      fill(alice, bob, 50 * kibibyte, 'data')
      fill(alice, bob, 50 * kibibyte, 'control')
    }
    const [association] = alice.endpoint.explain().associations
    expect(association?.data.queuedBytes).toBeLessThanOrEqual(limits.maxDataQueueBytes)
    expect(association?.control.queuedBytes).toBeLessThanOrEqual(limits.maxControlQueueBytes)
    const dropped = alice.endpoint.counters().dropped['queue-full']
    await world.run(5_000)
    expect(alice.endpoint.counters().dropped['lane-closed']).toBe(400 - dropped)
  })
})

/** The network's channels, with a word of their own on how long frames gather. */
function gathering({ network }: World, gatherMs: number): Transport {
  const transport = network.transport()
  const tuned = (channel: Channel): Channel => Object.assign(channel, { gatherMs })
  return {
    name: transport.name,
    listen: (address, accept) => transport.listen(address, (channel) => accept(tuned(channel))),
    dial: async (address, options) => tuned(await transport.dial(address, options)),
  }
}

function written(world: World, from: Node): number {
  return world.network
    .links()
    .filter((link) => link.from === from.address.toString())
    .reduce((sum, link) => sum + link.written, 0)
}

async function dispose(...nodes: readonly Node[]): Promise<void> {
  for (const node of nodes) await node[Symbol.asyncDispose]()
}
