import { ManualClock } from '@casty/clock'
import {
  createMemoryNetwork,
  Endpoint,
  endpointLimitDefaults,
  NodeAddress,
  type EndpointOptions,
} from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { createWorld, describeEvent, messageType, tell, type Node, type World } from './world.ts'

describe('an endpoint', () => {
  test('is known by the port that it was given for port 0', async () => {
    const world = createWorld()
    await using alice = await world.start('127.0.0.1:0', { incarnation: 3 })
    expect(alice.endpoint.self.address.port).toBeGreaterThan(0)
    expect(alice.endpoint.self.incarnation).toBe(3)
  })

  test('is known by what it advertises, where that differs from what it binds', async () => {
    const world = createWorld()
    await using alice = await world.start('0.0.0.0:70', {
      advertised: { host: 'alice.example', port: 7_000 },
    })
    expect(String(alice.endpoint.self)).toBe('alice.example:7000#1')
  })

  test('fails to start where another one listens', async () => {
    const world = createWorld()
    await using _alice = await world.start('a:1')
    await expect(world.start('a:1')).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_ADDRESS_IN_USE',
    })
  })

  test('knows when it last heard of a peer, by its clock', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    expect(alice.endpoint.lastHeardAt(bob.endpoint.self)).toBeUndefined()
    alice.endpoint.keep(bob.endpoint.self)
    await world.run(1_000)
    tell(bob, alice, 'x', 'control')
    await world.run(500)
    expect(alice.endpoint.lastHeardAt(bob.endpoint.self)).toBe(1_001)
  })

  test('tells listeners in one order, also what happens while it tells them', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    const heard: string[] = []
    using _first = alice.endpoint.subscribe((event) => {
      heard.push(`first ${describeEvent(event)}`)
      if (event.type === 'lane-opened') alice.endpoint.forget(bob.endpoint.self)
    })
    using _second = alice.endpoint.subscribe((event) =>
      heard.push(`second ${describeEvent(event)}`),
    )
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    expect(heard).toEqual([
      'first lane-opened control b:1#1',
      'second lane-opened control b:1#1',
      'first lane-closed control b:1#1 peer-gone lost 0',
      'second lane-closed control b:1#1 peer-gone lost 0',
    ])
  })

  test('goes on when a listener throws, and counts it', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    using _bad = bob.endpoint.subscribe(() => {
      throw new Error('a bug')
    })
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    expect(bob.told).toEqual(['lane-opened control a:1#1'])
    expect(bob.endpoint.counters().listenerErrors).toBe(1)
  })

  test('tells a listener nothing once it has unsubscribed', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    let heard = 0
    alice.endpoint.subscribe(() => heard++)[Symbol.dispose]()
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    expect(heard).toBe(0)
    expect(alice.told).toHaveLength(1)
  })

  test('counts what it carries', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    for (const text of ['one', 'two', 'three']) tell(alice, bob, text)
    await world.run()
    expect(alice.endpoint.counters()).toMatchObject({
      framesSent: 3,
      bytesSent: 3 * 5 + 11,
      dialsStarted: 1,
      connectionsOpened: 1,
    })
    expect(bob.endpoint.counters()).toMatchObject({ framesReceived: 3, bytesReceived: 26 })
  })

  test('explains each association', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    expect(alice.endpoint.explain()).toMatchObject({
      self: 'a:1#1',
      transport: 'memory',
      pendingHandshakes: 0,
      associations: [
        {
          peer: 'b:1#1',
          kept: true,
          gone: false,
          control: { state: 'open' },
          data: { state: 'idle' },
        },
      ],
    })
  })

  test('drops what was for a peer that it forgets', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    tell(alice, bob, 'never sent')
    alice.endpoint.forget(bob.endpoint.self)
    await world.run()
    expect(bob.texts).toEqual([])
    expect(alice.endpoint.counters().dropped['peer-gone']).toBe(1)
    tell(alice, bob, 'sent')
    await world.run()
    expect(bob.texts).toEqual(['sent'])
  })

  test('sends nothing more to a peer that was removed', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.forget(bob.endpoint.self, 'removed')
    expect(tell(alice, bob, 'x')).toBe('dropped')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    expect(alice.endpoint.counters().dialsStarted).toBe(0)
  })

  test('remembers only so many past lives', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.forget(bob.endpoint.self, 'removed')
    for (let port = 1; port <= 4_096; port++) {
      const { self } = await forgettable(port)
      alice.endpoint.forget(self, 'removed')
    }
    expect(tell(alice, bob, 'you again')).toBe('sent')
  })
})

/** An identity without an endpoint. */
async function forgettable(port: number): Promise<{ readonly self: Endpoint['self'] }> {
  const { NodeIdentity } = await import('@casty/transport')
  return { self: NodeIdentity.of(NodeAddress.of('gone', port), 1) }
}

describe('connecting', () => {
  test('rejects with the reason of its signal, and gives the dial up', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    const abort = new AbortController()
    const connecting = alice.endpoint.connect(bob.address, { signal: abort.signal })
    const rejected = expect(connecting).rejects.toThrow('changed my mind')
    abort.abort(new Error('changed my mind'))
    await rejected
    await world.run()
    expect(alice.endpoint.explain().associations).toEqual([])
    expect(bob.told).toEqual([])
  })

  test('rejects at once when the signal is aborted already', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const abort = new AbortController()
    abort.abort(new Error('never'))
    const address = NodeAddress.parse('b:1')
    await expect(alice.endpoint.connect(address, { signal: abort.signal })).rejects.toThrow('never')
    expect(alice.endpoint.counters().dialsStarted).toBe(0)
  })

  test('rejects when nobody listens there, and leaves nothing behind', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const connecting = expect(
      alice.endpoint.connect(NodeAddress.parse('b:1')),
    ).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_DIAL_FAILED',
      failure: 'refused',
      message: expect.stringContaining('b:1'),
    })
    await world.run()
    await connecting
    await world.run(60_000)
    expect(alice.endpoint.explain().associations).toEqual([])
  })

  test('answers at once when there is a connection', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    bob.endpoint.keep(alice.endpoint.self)
    await world.run()
    expect(String(await alice.endpoint.connect(bob.address))).toBe('b:1#1')
    expect(alice.endpoint.counters().dialsStarted).toBe(0)
  })
})

describe('disposal', () => {
  test('leaves no timer and no connection behind', async () => {
    const world = createWorld()
    const alice = await world.start('a:1')
    const bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    tell(bob, alice, 'x')
    await world.run()
    await alice[Symbol.asyncDispose]()
    await bob[Symbol.asyncDispose]()
    await world.run(10)
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('waits for no peer, not even for one that answers nothing', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const alice = await world.start('a:1')
    world.network.pause(bob.address)
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    await alice[Symbol.asyncDispose]() // No time passes here.
    expect(alice.endpoint.explain().associations).toEqual([])
  })

  test('hands over what was sent in the same turn', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const alice = await world.start('a:1')
    tell(alice, bob, 'first')
    await world.run()
    tell(alice, bob, 'goodbye')
    await alice[Symbol.asyncDispose]()
    await world.run()
    expect(bob.texts).toEqual(['first', 'goodbye'])
  })

  test('ends whoever waits for a connection, and refuses what comes after', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const alice = await world.start('a:1')
    const closed = { code: 'CASTY_TRANSPORT_CLOSED' }
    const connecting = expect(alice.endpoint.connect(bob.address)).rejects.toMatchObject(closed)
    await Promise.all([alice[Symbol.asyncDispose](), alice[Symbol.asyncDispose]()])
    await connecting
    await expect(alice.endpoint.connect(bob.address)).rejects.toMatchObject(closed)
    expect(tell(alice, bob, 'x')).toBe('dropped')
    expect(alice.endpoint.counters().dropped['lane-closed']).toBe(1)
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    expect(world.network.links().some(({ deliveredBytes }) => deliveredBytes > 0)).toBe(false)
  })

  test('of a process that was killed does not hang', async () => {
    const world = createWorld()
    const alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    alice.endpoint.keep(bob.endpoint.self)
    await world.run()
    world.network.kill(alice.address)
    await alice[Symbol.asyncDispose]()
    await world.run(10)
    expect(bob.told.at(-1)).toBe('lane-closed control a:1#1 reset lost 0')
  })
})

describe('leaving', () => {
  const connected = async (world: World): Promise<readonly [alice: Node, bob: Node]> => {
    const [alice, bob] = [await world.start('a:1'), await world.start('b:1')]
    tell(alice, bob, 'first', 'control')
    tell(alice, bob, 'first', 'data')
    await world.run()
    alice.events.length = bob.events.length = 0
    return [alice, bob]
  }
  const toldAtOnce = (node: Node): readonly string[] => [...new Set(node.told)]

  test('brings what was on its way both ways, and waits no longer than that takes', async () => {
    const world = createWorld({ latencyMs: 10 })
    const [alice, bob] = await connected(world)
    tell(alice, bob, 'goodbye')
    tell(bob, alice, 'on its way')
    const left = alice.endpoint.leave()
    await world.run(9)
    tell(bob, alice, 'before it was known')
    await world.run(21)
    await left
    expect(alice.texts).toEqual(['on its way', 'before it was known'])
    expect(bob.texts).toEqual(['first', 'first', 'goodbye'])
    expect(toldAtOnce(bob)).toEqual([
      'lane-closed control a:1#1 idle lost 0',
      'lane-closed data a:1#1 idle lost 0',
    ])
    expect(alice.endpoint.explain().associations).toEqual([])
    await bob[Symbol.asyncDispose]()
  })

  test('sends nothing more, and has later frames of its peers refused and counted there', async () => {
    const world = createWorld({ latencyMs: 10 })
    const [alice, bob] = await connected(world)
    world.network.pause(bob.address)
    const left = alice.endpoint.leave()
    expect(tell(alice, bob, 'too late')).toBe('dropped')
    await world.run(20)
    world.network.resume(bob.address)
    await world.run(0)
    tell(bob, alice, 'late')
    await world.run(50)
    expect(alice.texts).toEqual([])
    const lost = bob.events.map((event) => ('lostFrames' in event ? event.lostFrames : 0))
    expect(lost.reduce((sum, count) => sum + count, 0)).toBe(1)
    await left
    await bob[Symbol.asyncDispose]()
  })

  test('waits for what a slow peer has still to write', async () => {
    const world = createWorld({ latencyMs: 10 })
    const [alice, bob] = await connected(world)
    const frames = 40
    for (let count = 0; count < frames; count++) {
      const body = new Uint8Array(60_000) // More than is under way at once: bob has to wait for alice.
      bob.endpoint.send(alice.endpoint.self, 'data', messageType, body)
      if (count === frames / 2) await world.run(0)
    }
    const left = alice.endpoint.leave()
    await world.run(500)
    await left
    expect(alice.received.frames).toHaveLength(frames)
    expect(toldAtOnce(bob)).toContain('lane-closed data a:1#1 idle lost 0')
    await bob[Symbol.asyncDispose]()
  })

  test('waits for a peer that stands still for lingerMs, and leaves nothing behind', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    world.network.pause(bob.address)
    let isOver = false
    const left = alice.endpoint.leave().then(() => (isOver = true))
    await world.run(990)
    expect(isOver).toBe(false)
    await world.run(20)
    await left
    await bob[Symbol.asyncDispose]()
    await world.run(10)
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('is cut short by disposal', async () => {
    const world = createWorld()
    const [alice, bob] = await connected(world)
    world.network.pause(bob.address)
    const left = alice.endpoint.leave()
    await alice[Symbol.asyncDispose]()
    await left // No time passes here.
    expect(alice.endpoint.explain().associations).toEqual([])
    await bob[Symbol.asyncDispose]()
  })

  test('at the same time as its peer brings what both had sent', async () => {
    const world = createWorld({ latencyMs: 10 })
    const [alice, bob] = await connected(world)
    tell(alice, bob, 'from alice')
    tell(bob, alice, 'from bob')
    const left = [alice.endpoint.leave(), bob.endpoint.leave(), alice.endpoint.leave()]
    await world.run(30)
    await Promise.all(left)
    expect(alice.texts).toEqual(['from bob'])
    expect(bob.texts).toEqual(['first', 'first', 'from alice'])
    expect(world.clock.pendingTimers).toBe(0)
  })
})

describe('an option', () => {
  const valid: EndpointOptions = {
    transport: createMemoryNetwork({ clock: new ManualClock() }).transport(),
    clock: new ManualClock(),
    address: NodeAddress.parse('127.0.0.1:0'),
    incarnation: 1,
    clusterName: 'test',
  }

  test.each<[string, Partial<EndpointOptions>]>([
    ['clusterName is "", but must be', { clusterName: '' }],
    ['clusterName is', { clusterName: 'x'.repeat(101) }],
    ['clusterName is', { clusterName: '\ud800' }],
    ['configDigest is', { configDigest: '' }],
    ['capabilities is a list', { capabilities: Array.from({ length: 33 }, () => 'x') }],
    ['capabilities is ""', { capabilities: [''] }],
    ['incarnation is -1', { incarnation: -1 }],
    ['incarnation is 1.5', { incarnation: 1.5 }],
    ['advertised.port is 0', { advertised: { port: 0 } }],
    ['limits.maxControlFrameBytes is 1', { limits: { maxControlFrameBytes: 1 } }],
    ['limits.handshakeTimeoutMs is NaN', { limits: { handshakeTimeoutMs: Number.NaN } }],
    ['limits.maxSilenceMs is Infinity', { limits: { maxSilenceMs: Infinity } }],
    ['limits.maxDataQueueBytes is 2000', { limits: { maxDataQueueBytes: 2_000 } }],
    ['limits.maxReconnectMs is 50', { limits: { maxReconnectMs: 50 } }],
    ['advertised.host is undefined', { address: NodeAddress.parse('0.0.0.0:0'), insecure: true }],
    ['advertised.host is undefined', { address: NodeAddress.parse('[::]:0'), insecure: true }],
  ])('that is wrong is refused at the start: %s', async (message, options) => {
    const error: unknown = await Endpoint.start({ ...valid, ...options }).catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'CASTY_TRANSPORT_INVALID_OPTION',
      message: expect.stringContaining(message),
    })
  })

  test('of a host that cannot be one is refused before anything listens', async () => {
    const network = createMemoryNetwork({ clock: new ManualClock() })
    const address = NodeAddress.parse('127.0.0.1:7')
    const options = { ...valid, transport: network.transport(), address }
    await expect(
      Endpoint.start({ ...options, advertised: { host: 'no host' } }),
    ).rejects.toMatchObject({ code: 'CASTY_TRANSPORT_INVALID_ADDRESS' })
    await using endpoint = await Endpoint.start(options)
    expect(endpoint.self.address.equals(address)).toBe(true)
  })

  test.each(['0.0.0.0', '10.0.0.1', 'example.org', '[::]', '128.0.0.1'])(
    'to bind %s without protection has to be given by name',
    async (host) => {
      const address = NodeAddress.of(host, 0)
      const options = { ...valid, address, advertised: { host: 'example.org' } }
      await expect(Endpoint.start(options)).rejects.toMatchObject({
        code: 'CASTY_TRANSPORT_INSECURE_BIND',
      })
      await using endpoint = await Endpoint.start({ ...options, insecure: true })
      expect(endpoint.self.address.host).toBe('example.org')
    },
  )

  test('needs no name for a bind beyond loopback where every channel is encrypted and verified', async () => {
    const address = NodeAddress.of('0.0.0.0', 0)
    const network = createMemoryNetwork({ clock: new ManualClock() })
    const transport = Object.assign(network.transport(), { security: 'mutual-tls' as const })
    const advertised = { host: 'example.org' }
    await using endpoint = await Endpoint.start({ ...valid, address, advertised, transport })
    expect(endpoint.self.address.host).toBe('example.org')
  })

  test.each(['127.0.0.1', '127.8.9.10', 'localhost', '[::1]', '[::ffff:127.0.0.1]'])(
    'is not needed to bind %s, which only this machine reaches',
    async (host) => {
      await using endpoint = await Endpoint.start({ ...valid, address: NodeAddress.of(host, 0) })
      expect(endpoint.self.address.port).toBeGreaterThan(0)
    },
  )

  test('that is left out is as documented', () => {
    expect(endpointLimitDefaults).toEqual({
      maxControlFrameBytes: 65_536,
      maxDataFrameBytes: 1_048_576,
      maxControlQueueBytes: 1_048_576,
      maxDataQueueBytes: 16_777_216,
      highWaterBytes: 1_048_576,
      handshakeTimeoutMs: 5_000,
      maxHandshakeBytes: 4_096,
      maxPendingHandshakes: 256,
      maxPendingHandshakesPerSource: 16,
      maxFailuresPerMinute: 10,
      maxVainDialBacksPerMinute: 60,
      maxSources: 1_024,
      minReconnectMs: 100,
      maxReconnectMs: 30_000,
      maxSilenceMs: 10_000,
      idleLaneMs: 300_000,
      lingerMs: 1_000,
    })
  })
})
