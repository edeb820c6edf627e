import { describe, expect, test } from 'vitest'
import { End, pattern } from './channel-kit.ts'
import { noteType, TestNode } from './endpoint-kit.ts'
import type { TransportSubject } from './subject.ts'

const lanes = ['control', 'data'] as const

export function endpointContract(name: string, subject: TransportSubject): void {
  describe(`an endpoint over ${name}`, () => {
    framesTravel(subject)
    strangersAreRefused(subject)
    connectionsAreReplaced(subject)
  })
}

function framesTravel(subject: TransportSubject): void {
  test('learns who lives at an address', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject, { incarnation: 42 })
    const peer = await alice.endpoint.connect(bob.endpoint.self.address)
    expect(peer.key).toBe(bob.endpoint.self.key)
    expect(alice.endpoint.isConnected(peer, 'control')).toBe(true)
  })

  test('carries ten thousand frames of all sizes, in order', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject)
    const sizes = Array.from({ length: 10_000 }, (_, index) => (index * 37) % 700)
    for (const [index, size] of sizes.entries()) alice.send(bob, `${index} ${'x'.repeat(size)}`)
    const texts = await bob.texts(sizes.length)
    expect(texts).toEqual(sizes.map((size, index) => `${index} ${'x'.repeat(size)}`))
  })

  test('answers over the connection that was dialled to it', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject)
    alice.send(bob, 'question')
    await bob.texts(1)
    bob.send(alice, 'answer')
    expect(await alice.texts(1)).toEqual(['answer'])
    expect(bob.channels).toHaveLength(1)
  })

  test('keeps a connection for each lane', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject)
    for (const lane of lanes) alice.send(bob, lane, lane)
    await bob.texts(2)
    expect(bob.received.frames.map((frame) => frame.lane).toSorted()).toEqual([...lanes])
    expect(bob.channels).toHaveLength(2)
  })

  test('drops a frame above the limit, and goes on', async () => {
    const limits = { maxDataFrameBytes: 2_000 }
    await using alice = await TestNode.start(subject, { limits })
    await using bob = await TestNode.start(subject, { limits })
    const { self } = bob.endpoint
    expect(alice.endpoint.send(self, 'data', noteType, pattern(2_000))).toBe('dropped')
    expect(alice.endpoint.send(self, 'data', noteType, pattern(1_999))).toBe('sent')
    const [frame] = await bob.received.waitFor(1)
    expect(frame?.body).toEqual(pattern(1_999))
  })

  test('closes a connection on which a frame is announced that is too large', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject, { limits: { maxDataFrameBytes: 2_000 } })
    alice.endpoint.send(bob.endpoint.self, 'data', noteType, pattern(5_000))
    expect(await bob.event('lane-closed')).toMatchObject({ lane: 'data', reason: 'malformed' })
    await alice.event('lane-closed')
    expect(bob.received.frames).toEqual([])
  })

  test('that leaves gets what its peers had sent until they heard of it', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject)
    for (const lane of lanes) bob.send(alice, `first on ${lane}`, lane)
    await alice.texts(2)
    const texts = Array.from({ length: 2_000 }, (_, index) => `${index} ${'x'.repeat(500)}`)
    for (const text of texts.slice(0, 1_000)) bob.send(alice, text)
    const left = alice.endpoint.leave()
    for (const text of texts.slice(1_000)) bob.send(alice, text)
    await left
    const received = await alice.texts(2 + texts.length)
    expect(received.slice(2)).toEqual(texts)
    for (const lane of lanes) {
      const closed = await bob.event('lane-closed', (event) => event.lane === lane)
      expect(closed).toMatchObject({ reason: 'idle', lostFrames: 0 })
    }
  })

  test('can be disposed of twice, with a peer connected', async () => {
    await using alice = await TestNode.start(subject)
    const bob = await TestNode.start(subject)
    await alice.endpoint.connect(bob.endpoint.self.address)
    await Promise.all([bob[Symbol.asyncDispose](), bob[Symbol.asyncDispose]()])
    await alice.event('lane-closed')
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(false)
  })
}

function strangersAreRefused(subject: TransportSubject): void {
  test('is refused by a node of another cluster', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject, { clusterName: 'other' })
    await expect(alice.endpoint.connect(bob.endpoint.self.address)).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_REFUSED',
      refusal: { reason: 'cluster-name' },
    })
  })

  test('is told who answers in place of the incarnation that it dialled', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject, { incarnation: 1 })
    const past = bob.endpoint.self
    await bob[Symbol.asyncDispose]()
    await using successor = await TestNode.start(subject, { address: past.address, incarnation: 2 })
    alice.endpoint.keep(past)
    const { refusal } = await alice.event('dial-refused')
    expect(refusal.reason).toBe('wrong-incarnation')
    expect(refusal.actual?.key).toBe(successor.endpoint.self.key)
  })

  test('closes on garbage, and stays usable', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject)
    const stranger = new End(await subject.create().dial(bob.endpoint.self.address)).open()
    stranger.channel.write(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))
    expect(['ended', 'reset']).toContain(await stranger.closed())
    alice.send(bob, 'still here')
    expect(await bob.texts(1)).toEqual(['still here'])
    expect(bob.endpoint.counters().handshakesFailed.garbage).toBe(1)
  })
}

function connectionsAreReplaced(subject: TransportSubject): void {
  test('settles on one connection per lane when both dial at once', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject)
    for (const lane of lanes) {
      alice.send(bob, `to bob on ${lane}`, lane)
      bob.send(alice, `to alice on ${lane}`, lane)
    }
    const toBob = await bob.texts(2)
    const toAlice = await alice.texts(2)
    expect(toBob.toSorted()).toEqual(['to bob on control', 'to bob on data'])
    expect(toAlice.toSorted()).toEqual(['to alice on control', 'to alice on data'])
    for (const node of [alice, bob]) {
      expect(node.events.map(({ type }) => type)).toEqual(['lane-opened', 'lane-opened'])
    }
  })

  test('dials a kept peer again when the connection breaks', async () => {
    await using alice = await TestNode.start(subject)
    await using bob = await TestNode.start(subject)
    alice.endpoint.keep(bob.endpoint.self)
    await bob.event('lane-opened')
    for (const channel of bob.channels) channel.close()
    await alice.event('lane-closed')
    alice.send(bob, 'again', 'control')
    expect(await bob.texts(1)).toEqual(['again'])
  })

  test('goes on with the next life of an address', async () => {
    await using alice = await TestNode.start(subject)
    const first = await TestNode.start(subject, { incarnation: 1 })
    const { self } = first.endpoint
    await alice.endpoint.connect(self.address)
    await first[Symbol.asyncDispose]()
    await alice.event('lane-closed')
    await using second = await TestNode.start(subject, { address: self.address, incarnation: 2 })
    const peer = await alice.endpoint.connect(self.address)
    expect(peer.key).toBe(second.endpoint.self.key)
    expect(alice.endpoint.send(self, 'data', noteType, pattern(1))).toBe('dropped')
    alice.send(second, 'hello again')
    expect(await second.texts(1)).toEqual(['hello again'])
  })
}
