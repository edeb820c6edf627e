import {
  NodeAddress,
  NodeIdentity,
  type Admission,
  type EndpointOptions,
  type Transport,
} from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { connectAllRaw, connectRaw, helloBytes, listenRaw, preludeOf, welcomeBytes } from './raw.ts'
import { createWorld, tell, type Node, type World } from './world.ts'

/** Dials from one to the other; the outcome, as the name of a refusal or of an identity. */
async function dialled(world: World, from: Node, address: NodeAddress): Promise<string> {
  const outcome = from.endpoint.connect(address).then(String, (error: unknown) => reasonOf(error))
  await world.run(20_000)
  return await outcome
}

function reasonOf(error: unknown): string {
  // What `connect` rejects with: see its contract.
  const { refusal, failure, code } = error as {
    readonly refusal?: { readonly reason: string }
    readonly failure?: string
    readonly code: string
  }
  return refusal?.reason ?? failure ?? code
}

describe('a connection is refused', () => {
  test('by a node of another cluster', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1', { clusterName: 'other' })
    expect(await dialled(world, alice, bob.address)).toBe('cluster-name')
    expect(bob.endpoint.counters().refusedByUs['cluster-name']).toBe(1)
    expect(alice.endpoint.counters().refusedByPeers['cluster-name']).toBe(1)
  })

  test('when settings that must agree differ', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { configDigest: 'one' })
    await using bob = await world.start('b:1', { configDigest: 'two' })
    expect(await dialled(world, alice, bob.address)).toBe('config')
  })

  test('by the own endpoint', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    expect(await dialled(world, alice, alice.address)).toBe('self')
  })

  test('by the own endpoint under another name', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { advertised: { host: 'alice' } })
    expect(await dialled(world, alice, NodeAddress.parse('a:1'))).toBe('self')
  })

  test('to an incarnation that was removed, and it learns which', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { incarnation: 7 })
    await using bob = await world.start('b:1')
    bob.endpoint.forget(alice.endpoint.self, 'removed')
    const connecting = alice.endpoint.connect(bob.address)
    const refused = expect(connecting).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_REFUSED',
      refusal: { reason: 'removed', knownIncarnation: 7, actual: bob.endpoint.self },
    })
    await world.run()
    await refused
  })

  test('also when the one that removed it dials', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    bob.endpoint.forget(alice.endpoint.self, 'removed')
    expect(await dialled(world, bob, alice.address)).toBe('removed')
    expect(alice.told).toContain('dial-refused control b:1 removed')
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(false)
  })

  test('to a past life of an address, and it learns the newest', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using newer = await world.start('b:1', { incarnation: 9 })
    expect(await dialled(world, newer, alice.address)).toBe('a:1#1')
    world.network.kill(newer.address)
    await world.run(60_000) // Nothing is left of the association by now.
    await using older = await world.start('b:1', { incarnation: 8 })
    const refused = expect(older.endpoint.connect(alice.address)).rejects.toMatchObject({
      refusal: { reason: 'stale-incarnation', knownIncarnation: 9 },
    })
    await world.run()
    await refused
  })

  test('to a past life of an address that was dialled before', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using newer = await world.start('b:1', { incarnation: 9 })
    expect(await dialled(world, alice, newer.address)).toBe('b:1#9')
    world.network.kill(newer.address)
    await world.run(60_000)
    await using older = await world.start('b:1', { incarnation: 8 })
    expect(await dialled(world, older, alice.address)).toBe('stale-incarnation')
  })

  test('when another one answers than the one that was dialled', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const dialledPeer = NodeIdentity.parse('x:1#1')
    await listenRaw(world, dialledPeer.address, () => welcomeBytes(NodeIdentity.parse('y:1#1')))
    alice.endpoint.send(dialledPeer, 'data', 32, new Uint8Array(1))
    await world.run()
    expect(alice.told).toEqual(['dial-refused data x:1 wrong-incarnation'])
    expect(alice.endpoint.counters().refusedByUs['wrong-incarnation']).toBe(1)
  })

  test('when the owner does not admit the dialler', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1', { admit: () => refusal })
    expect(await dialled(world, alice, bob.address)).toBe('removed')
  })

  test('when the owner does not admit the one it dialled', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { admit: () => refusal })
    await using bob = await world.start('b:1')
    expect(await dialled(world, alice, bob.address)).toBe('removed')
    expect(bob.told).toEqual([
      'lane-opened control a:1#1',
      'lane-closed control a:1#1 peer-gone lost 0',
      'dial-refused control a:1 removed',
    ])
  })

  test('for now when the owner cannot decide', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1', {
      admit() {
        throw new Error('a bug')
      },
    })
    expect(await dialled(world, alice, bob.address)).toBe('busy')
    expect(bob.endpoint.counters().listenerErrors).toBe(1)
  })

  test('by a node of another wire version, naming both', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const stranger = await connectRaw(world, bob.address)
    stranger.write(preludeOf(7, 9))
    await world.run(50)
    expect(stranger.refusal()).toMatchObject({
      reason: 'wire-version',
      detail: expect.stringMatching(/^\S+ speaks wire versions 7 to 9, b:1 1 to 1$/),
    })
    expect(stranger.closed).toBe('ended')
  })

  test.each<readonly [Partial<EndpointOptions>, string]>([
    [{ clusterName: 'other' }, 'a:1 belongs to cluster "test", b:1 to "other"'],
    [{ configDigest: 'x=2' }, 'settings that must agree differ: a:1 has "x=1", b:1 "x=2"'],
  ])(
    'in words that name both nodes, for they are read at the other end: %j',
    async (options, detail) => {
      const world = createWorld()
      await using alice = await world.start('a:1', { configDigest: 'x=1' })
      await using bob = await world.start('b:1', options)
      const connecting = alice.endpoint.connect(bob.address)
      const refused = expect(connecting).rejects.toMatchObject({ refusal: { detail } })
      await world.run()
      await refused
    },
  )

  test('of a past incarnation, naming who knows the newer one', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    {
      await using alice = await world.start('a:1', { incarnation: 2 })
      expect(await dialled(world, alice, bob.address)).toBe('b:1#1')
    }
    await using past = await world.start('a:1', { incarnation: 1 })
    const connecting = past.endpoint.connect(bob.address)
    const refused = expect(connecting).rejects.toMatchObject({
      refusal: { detail: 'b:1 knows a:1 in incarnation 2, newer than 1' },
    })
    await world.run()
    await refused
  })

  test('when what it is answered is no handshake', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const address = NodeAddress.parse('web:80')
    const listener = await world.network.transport().listen(address, (channel) => {
      channel.open({ received() {}, drained() {}, closed() {} })
      channel.write(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n'))
    })
    expect(await dialled(world, alice, address)).toBe('malformed')
    await listener[Symbol.asyncDispose]()
  })

  test('to a dialler that takes a hello for an answer', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const stranger = await connectRaw(world, bob.address)
    stranger.write(helloBytes(NodeIdentity.parse('x:1#1'), bob.endpoint.self))
    await world.run(20)
    stranger.write(helloBytes(NodeIdentity.parse('x:1#1'), bob.endpoint.self))
    await world.run(50)
    expect(bob.told).toEqual([
      'lane-opened control x:1#1',
      'lane-closed control x:1#1 malformed lost 0',
    ])
  })
})

const refusal: Admission = { type: 'refused', reason: 'removed', detail: 'not wanted' }

describe('a connection comes about', () => {
  test('when only one side has a digest of its settings', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { configDigest: 'one' })
    await using bob = await world.start('b:1')
    expect(await dialled(world, alice, bob.address)).toBe('b:1#1')
  })

  test('with the owner asked on both sides, and told what the other can do', async () => {
    const world = createWorld()
    const asked: string[] = []
    const admit = (peer: {
      identity: NodeIdentity
      capabilities: readonly string[]
    }): Admission => {
      asked.push(`${peer.identity} ${peer.capabilities.join()}`)
      return { type: 'admitted' }
    }
    await using alice = await world.start('a:1', { admit, capabilities: ['zip'] })
    await using bob = await world.start('b:1', { admit, capabilities: ['zip', 'trace'] })
    await dialled(world, alice, bob.address)
    expect(asked).toEqual(['a:1#1 zip', 'b:1#1 zip,trace'])
  })

  test('through another name of the address', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('0.0.0.0:1', { advertised: { host: 'bob.example' } })
    expect(await dialled(world, alice, NodeAddress.parse('0.0.0.0:1'))).toBe('bob.example:1#1')
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
    expect(alice.endpoint.explain().associations.map(({ peer }) => peer)).toEqual([
      'bob.example:1#1',
    ])
  })

  test('through another name, while the one behind it dials as well', async () => {
    const world = createWorld()
    await using zoe = await world.start('z:1')
    await using bob = await world.start('b:1', { advertised: { host: 'bob.example' } })
    bob.endpoint.keep(zoe.endpoint.self)
    const connecting = zoe.endpoint.connect(NodeAddress.parse('b:1'))
    await world.run(50)
    expect(String(await connecting)).toBe('bob.example:1#1')
    expect(bob.endpoint.counters().refusedByUs.duplicate).toBe(1)
    await world.run(10_000)
    expect([zoe.told, bob.told]).toEqual([
      ['lane-opened control bob.example:1#1'],
      ['lane-opened control z:1#1'],
    ])
  })

  test('through another name, unless the one behind it has made a newer one meanwhile', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    const peer = NodeIdentity.parse('x:1#1')
    const alias = NodeAddress.parse('alias:1')
    const listening = await listenRaw(world, alias, () => undefined)
    const connecting = alice.endpoint.connect(alias)
    await world.run(20) // The hello has arrived, and is not answered.
    const newer = await connectRaw(world, alice.address)
    newer.write(helloBytes(peer, alice.endpoint.self, { sequence: 9 }))
    await world.run(20)
    listening.answer(welcomeBytes(peer, { sequence: 8 }))
    await world.run(20)
    expect(String(await connecting)).toBe('x:1#1')
    expect(newer.closed).toBeUndefined()
    expect(listening.closes).toEqual(['ended'])
    expect(alice.told.filter((text) => text.startsWith('lane'))).toEqual([
      'lane-opened control x:1#1',
    ])
  })

  test('no more once it was given up, though the transport goes on dialling', async () => {
    const world = createWorld({ latencyMs: 4_000 })
    const inner = world.network.transport()
    // A transport that does not heed the signal.
    const transport: Transport = {
      name: 'stubborn',
      listen: (address, accept) => inner.listen(address, accept),
      dial: (address) => inner.dial(address),
    }
    await using alice = await world.start('a:1', { transport })
    await using bob = await world.start('b:1', { limits: { handshakeTimeoutMs: 60_000 } })
    expect(await dialled(world, alice, bob.address)).toBe('timeout')
    await world.run(20_000)
    expect(bob.told).toEqual([])
    expect(bob.endpoint.counters().handshakesFailed).toMatchObject({ ended: 1, timeout: 0 })
  })

  test('for all who ask for it at once', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    const asked = [1, 2, 3].map(() => alice.endpoint.connect(bob.address))
    await world.run()
    expect((await Promise.all(asked)).map(String)).toEqual(['b:1#1', 'b:1#1', 'b:1#1'])
    expect(alice.endpoint.counters().dialsStarted).toBe(1)
  })

  test('to whoever lives there, though another life was being kept', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1', { incarnation: 5 })
    alice.endpoint.keep(NodeIdentity.of(bob.address, 3))
    const connecting = alice.endpoint.connect(bob.address)
    await world.run()
    expect(String(await connecting)).toBe('b:1#5')
  })
})

describe('another life at an address', () => {
  test('ends the association with the one before it', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using first = await world.start('b:1', { incarnation: 1 })
    await dialled(world, alice, first.address)
    world.network.cut(alice.address, first.address) // Alice does not see the first one die.
    world.network.kill(first.address)
    await world.run(10)
    world.network.heal()
    await using second = await world.start('b:1', { incarnation: 2 })
    expect(await dialled(world, second, alice.address)).toBe('a:1#1')
    expect(alice.told).toEqual([
      'lane-opened control b:1#1',
      'lane-closed control b:1#1 peer-gone lost 0',
      'lane-opened control b:1#2',
    ])
    expect(tell(alice, first, 'too late')).toBe('dropped')
    expect(alice.endpoint.counters().dropped['peer-gone']).toBe(1)
  })

  test('never gets what was queued for the one before it', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using first = await world.start('b:1', { incarnation: 1 })
    const { self } = first.endpoint
    await first[Symbol.asyncDispose]()
    await using second = await world.start('b:1', { incarnation: 2 })
    alice.endpoint.send(self, 'data', 32, new Uint8Array(3))
    await world.run()
    expect(second.received.frames).toEqual([])
    expect(alice.told).toContain('dial-refused data b:1 wrong-incarnation')
    expect(alice.endpoint.counters().dropped['peer-gone']).toBe(1)
    expect(alice.endpoint.send(self, 'data', 32, new Uint8Array(3))).toBe('dropped')
  })

  test('is taken up under a name of its own by a node that learns of it', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { incarnation: 4 })
    await using bob = await world.start('b:1')
    await dialled(world, alice, bob.address)
    alice.endpoint.reincarnate(6)
    expect(alice.endpoint.self.key).toBe('a:1#6')
    await dialled(world, alice, bob.address)
    expect(bob.told).toEqual([
      'lane-opened control a:1#4',
      expect.stringMatching(/^lane-closed control a:1#4 (ended|peer-gone) lost 0$/),
      'lane-opened control a:1#6',
    ])
  })

  test('is not taken up backwards', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { incarnation: 4 })
    expect(() => alice.endpoint.reincarnate(4)).toThrow(
      expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_OPTION' }),
    )
  })
})

describe('a stranger', () => {
  test.each([
    ['an HTTP request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001'],
    ['an SSH greeting', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['one wrong byte', 'x'],
  ])('that sends %s is closed without an answer', async (_, text) => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const stranger = await connectRaw(world, bob.address)
    stranger.write(new TextEncoder().encode(text))
    await world.run(10)
    expect(stranger.closed).toBe('ended')
    expect(stranger.received).toHaveLength(0)
    expect(bob.endpoint.counters().handshakesFailed.garbage).toBe(1)
    expect(bob.endpoint.explain().pendingHandshakes).toBe(0)
  })

  test('that sends the magic but for its last byte is closed at that byte', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const stranger = await connectRaw(world, bob.address)
    const magic = preludeOf(1, 1).slice(0, 8)
    for (const byte of magic.slice(0, 7)) stranger.write(Uint8Array.of(byte))
    await world.run(10)
    expect(stranger.closed).toBeUndefined()
    stranger.write(Uint8Array.of(0))
    await world.run(10)
    expect(stranger.closed).toBe('ended')
  })

  test('that announces more than a handshake may take is closed at the announcement', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const stranger = await connectRaw(world, bob.address)
    stranger.write(preludeOf(1, 1))
    stranger.write(Uint8Array.of(0, 0, 0x10, 0))
    await world.run(10)
    expect(stranger.closed).toBe('ended')
    expect(bob.endpoint.counters().handshakesFailed.garbage).toBe(1)
  })

  test.each([0, 4, 5, 9, 15, 16, 255])(
    'that opens with a frame of type %d is closed',
    async (frameType) => {
      const world = createWorld()
      await using bob = await world.start('b:1')
      const stranger = await connectRaw(world, bob.address)
      stranger.write(preludeOf(1, 1))
      stranger.write(Uint8Array.of(0, 0, 0, 1, frameType))
      await world.run(10)
      expect(stranger.closed).toBe('ended')
      expect(bob.endpoint.explain().pendingHandshakes).toBe(0)
    },
  )

  test('that sends a byte a second is closed after five', async () => {
    const world = createWorld()
    await using bob = await world.start('b:1')
    const stranger = await connectRaw(world, bob.address)
    for (const byte of preludeOf(1, 1).slice(0, 6)) {
      stranger.write(Uint8Array.of(byte))
      await world.run(900)
    }
    expect(stranger.closed).toBe('ended')
    expect(bob.endpoint.counters().handshakesFailed.timeout).toBe(1)
  })

  test('that is one of too many is told so, and members are not disturbed', async () => {
    const world = createWorld()
    const limits = { maxPendingHandshakes: 8, maxPendingHandshakesPerSource: 4 }
    await using bob = await world.start('b:1', { limits })
    await using alice = await world.start('a:1', {})
    await dialled(world, alice, bob.address)
    const flood = Array.from({ length: 30 }, () => 'flood')
    const strangers = await connectAllRaw(world, bob.address, flood)
    await world.run(10)
    expect(bob.endpoint.explain().pendingHandshakes).toBe(4)
    expect(strangers.filter((one) => one.closed === undefined)).toHaveLength(4)
    expect(strangers.filter((one) => one.refusal()?.reason === 'busy')).not.toHaveLength(0)
    expect(bob.endpoint.counters().handshakesFailed.busy).toBe(26)
    tell(alice, bob, 'undisturbed')
    await world.run(10)
    expect(bob.texts).toEqual(['undisturbed'])
    await world.run(5_000)
    expect(bob.endpoint.explain().pendingHandshakes).toBe(0)
  })

  test('from many hosts is bounded in total', async () => {
    const world = createWorld()
    const limits = { maxPendingHandshakes: 8, maxPendingHandshakesPerSource: 4 }
    await using bob = await world.start('b:1', { limits })
    const hosts = ['h1', 'h2', 'h3', 'h4', 'h5'].flatMap((host) => [host, host, host])
    await connectAllRaw(world, bob.address, hosts)
    await world.run(10)
    expect(bob.endpoint.explain().pendingHandshakes).toBe(8)
  })

  test.each([
    ['one IPv6 network of 64 bits', ['2001:db8:1:2::1', '2001:db8:1:2:3::4'], 4],
    ['two IPv6 networks', ['2001:db8:1:2::1', '2001:db8:1:3::1'], 8],
    ['two IPv4 addresses', ['10.0.0.1', '10.0.0.2'], 8],
  ])('from %s counts as what can be had that cheaply', async (_what, sources, pending) => {
    const world = createWorld()
    const limits = { maxPendingHandshakes: 100, maxPendingHandshakesPerSource: 4 }
    await using bob = await world.start('b:1', { limits })
    const hosts = sources.flatMap((source) => Array.from({ length: 10 }, () => source))
    await connectAllRaw(world, bob.address, hosts)
    await world.run(10)
    expect(bob.endpoint.explain().pendingHandshakes).toBe(pending)
  })

  test('that never answers a dial is given up after five seconds', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    world.network.pause(bob.address)
    const connecting = expect(alice.endpoint.connect(bob.address)).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_DIAL_FAILED',
      failure: 'timeout',
    })
    await world.run(5_000)
    await connecting
  })
})

describe('a life that somebody has named, and the owner does not believe in', () => {
  test('ends nothing that there is with the address, and gets nothing', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { believes: ({ incarnation }) => incarnation < 5 })
    await using bob = await world.start('b:1', { incarnation: 2 })
    await dialled(world, alice, bob.address)
    const invented = NodeIdentity.of(bob.address, 9)
    expect(alice.endpoint.send(invented, 'data', 32, new Uint8Array(1))).toBe('dropped')
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
    expect(tell(alice, bob, 'still there')).toBe('sent')
    await world.run()
    expect(bob.texts).toEqual(['still there'])
    expect(alice.endpoint.counters().dropped['peer-gone']).toBe(1)
  })

  test('is sent to once it has connected itself', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { believes: () => false })
    await using bob = await world.start('b:1', { incarnation: 9 })
    await dialled(world, bob, alice.address)
    expect(tell(alice, bob, 'welcome')).toBe('sent')
    await world.run()
    expect(bob.texts).toEqual(['welcome'])
  })
})
