// SEC-3: both ends prove the secret, the dialler first, over all that was said; nothing is told of it before.
import { createHmac, hkdfSync } from 'node:crypto'
import { NodeAddress, type ChannelProof, type Transport } from '@casty/transport'
import { sharedSecret } from '@casty/secret'
import { describe, expect, test } from 'vitest'
import {
  createWorld,
  detailOf,
  dialled,
  impostor,
  messageType,
  secrets,
  withMiddle,
  type World,
} from './world.ts'

describe('two nodes', () => {
  test('that know the same secret talk to each other, on both lanes and both ways', async () => {
    const world = createWorld()
    const authentication = world.secret({ member: secrets.old })
    await using alice = await world.start('a:1', { authentication })
    await using bob = await world.start('b:1', { authentication })
    const [atAlice, atBob] = [alice.endpoint, bob.endpoint]
    for (const lane of ['control', 'data'] as const) {
      atAlice.send(atBob.self, lane, messageType, Uint8Array.of(1))
      atBob.send(atAlice.self, lane, messageType, Uint8Array.of(2))
    }
    await world.run()
    expect(bob.received.frames.map(({ body }) => [...body])).toEqual([[1], [1]])
    expect(alice.received.frames.map(({ body }) => [...body])).toEqual([[2], [2]])
    expect(atAlice.trustOf(atBob.self)).toBe('member')
  })

  test('that know different ones do not, which both count and tell', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', {
      authentication: world.secret({ member: secrets.old }),
    })
    await using bob = await world.start('b:1', {
      authentication: world.secret({ member: secrets.other }),
    })
    expect(await dialled(world, alice, bob)).toBe('authentication')
    expect(alice.endpoint.counters().refusedByPeers.authentication).toBe(1)
    expect(bob.endpoint.counters().refusedByUs.authentication).toBe(1)
    expect(alice.failures).toEqual(['dialler b:1 untold 0'])
    expect(bob.failures).toEqual(['acceptor a untold 0'])
  })

  test.each([
    ['the dialler', 'b:1 has a secret that peers must prove, a:1 was given none'],
    ['the acceptor', 'a:1 has a secret that peers must prove, b:1 was given none'],
  ])('of which %s has none do not, and it is told which', async (who, detail) => {
    const world = createWorld()
    const options = { authentication: world.secret({ member: secrets.old }) }
    await using alice = await world.start('a:1', who === 'the acceptor' ? options : {})
    await using bob = await world.start('b:1', who === 'the dialler' ? options : {})
    expect(await detailOf(world, alice, bob)).toBe(detail)
    expect(bob.endpoint.counters().refusedByUs.authentication).toBe(1)
  })

  test('that know the same secret are told of other clusters and past lives as without one', async () => {
    const world = createWorld()
    const authentication = world.secret({ member: secrets.old })
    await using alice = await world.start('a:1', { authentication, incarnation: 7 })
    await using bob = await world.start('b:1', { authentication })
    await using eve = await world.start('e:1', { authentication, clusterName: 'other' })
    expect(await dialled(world, alice, eve)).toBe('cluster-name')
    bob.endpoint.forget(alice.endpoint.self, 'removed')
    const refused = expect(alice.endpoint.connect(bob.endpoint.self.address)).rejects.toMatchObject(
      { refusal: { reason: 'removed', knownIncarnation: 7, actual: bob.endpoint.self } },
    )
    await world.run()
    await refused
  })
})

describe('somebody who does not know the secret', () => {
  test('and dials, learns nothing that was made of it', async () => {
    const heard: number[][] = []
    for (const member of [secrets.old, secrets.other]) {
      const world = createWorld()
      const transport = withMiddle(world.network.transport(), () => ({
        back: (bytes) => {
          heard.push([...bytes])
          return bytes
        },
      }))
      await using alice = await world.start('a:1', { transport, authentication: impostor })
      await using bob = await world.start('b:1', { authentication: world.secret({ member }) })
      expect(await dialled(world, alice, bob)).toBe('authentication')
      expect(bob.events.filter(({ type }) => type === 'lane-opened')).toEqual([])
    }
    // The same nonces: two secrets would show in whatever was made of them.
    expect(heard).toHaveLength(4)
    expect(heard.slice(0, 2)).toEqual(heard.slice(2))
  })

  test('and answers, is not believed to be the node that was dialled', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', {
      authentication: world.secret({ member: secrets.old }),
    })
    await using eve = await world.start('b:1', { authentication: impostor })
    expect(await dialled(world, alice, eve)).toBe('authentication')
    expect(alice.events.filter(({ type }) => type === 'lane-opened')).toEqual([])
    expect(alice.endpoint.counters().refusedByUs.authentication).toBe(1)
    expect(alice.failures).toEqual(['dialler b:1 untold 0'])
    expect(eve.endpoint.isConnected(alice.endpoint.self, 'control')).toBe(false)
  })

  test('and answers, is not believed that a life is over', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', {
      authentication: world.secret({ member: secrets.old }),
    })
    await using eve = await world.start('b:1', {
      authentication: impostor,
      admit: () => ({
        type: 'refused',
        reason: 'stale-incarnation',
        // An incarnation that the clock never reaches.
        knownIncarnation: alice.endpoint.self.incarnation,
        detail: 'go away',
      }),
    })
    expect(await dialled(world, alice, eve)).toBe('authentication')
    expect(alice.endpoint.counters().refusedByPeers['stale-incarnation']).toBe(0)
  })

  test('and changes any one byte of what is said on the way, keeps the connection from opening', async () => {
    const lengths = await saidOnTheWay()
    let opened = 0
    for (const direction of ['there', 'back'] as const) {
      for (let at = 0; at < lengths[direction]; at++) opened += await opensWithChange(direction, at)
    }
    expect(lengths.there + lengths.back).toBeGreaterThan(200)
    expect(opened).toBe(0)
  })

  test('and passes proofs on from one TLS connection to another, has none for that', async () => {
    const world = createWorld()
    const authentication = world.secret({ member: secrets.old })
    const binding = (channel: number): ChannelProof => ({
      names: ['DNS:a', 'DNS:b', 'DNS:c'],
      fingerprint: '',
      expiresAt: 0,
      binding: new Uint8Array(32).fill(channel),
    })
    const bound = (transport: Transport, own: ChannelProof): Transport => ({
      name: transport.name,
      listen: (address, accept) =>
        transport.listen(address, (channel) => accept(Object.assign(channel, { proof: own }))),
      dial: async (address, options) =>
        Object.assign(await transport.dial(address, options), { proof: own }),
    })
    const node = async (address: string, channel: number) =>
      await world.start(address, {
        authentication,
        transport: bound(world.network.transport(), binding(channel)),
      })
    await using alice = await node('a:1', 1)
    await using bob = await node('b:1', 1)
    await using behindEve = await node('c:1', 2)
    expect(await dialled(world, alice, bob)).toBe('b:1#1')
    expect(await dialled(world, alice, behindEve)).toBe('authentication')
  })
})

test('a proof is an HMAC-SHA-256 by a key that HKDF-SHA-256 makes for its purpose', () => {
  const purpose = { dialler: 'member', acceptor: 'client' } as const
  const transcript = Uint8Array.of(1, 2, 3)
  const info = 'handshake, dialler: member, acceptor: client'
  const key = hkdfSync('sha256', secrets.client, 'casty shared secret 1', info, 32)
  const expected = createHmac('sha256', new Uint8Array(key)).update(transcript).digest()
  const exchange = sharedSecret({ client: secrets.client }).begin()
  expect(exchange.prove(purpose, transcript)).toEqual(new Uint8Array(expected))
  const other = sharedSecret({ client: secrets.client }).begin()
  expect(other.verify(purpose, transcript, new Uint8Array(expected))).toBe(true)
})

test.each([0, 31, 33])('a proof of %d bytes is wrong', (length) => {
  const purpose = { dialler: 'member', acceptor: 'member' } as const
  const exchange = sharedSecret({ member: secrets.old }).begin()
  expect(exchange.verify(purpose, Uint8Array.of(1), new Uint8Array(length))).toBe(false)
})

test('nonces are drawn anew for every connection, 32 bytes each', () => {
  const secret = sharedSecret({ member: secrets.old })
  const nonces = Array.from({ length: 100 }, () => secret.begin().nonce)
  expect(new Set(nonces.map(String)).size).toBe(100)
  expect(new Set(nonces.map(({ length }) => length))).toEqual(new Set([32]))
})

/** How many bytes each end says until the connection is open. */
async function saidOnTheWay(): Promise<{ there: number; back: number }> {
  const said = { there: 0, back: 0 }
  const count = (direction: keyof typeof said) => (bytes: Uint8Array) => {
    said[direction] += bytes.length
    return bytes
  }
  const world = createWorld()
  const outcome = await dialledThrough(world, { there: count('there'), back: count('back') })
  expect(outcome).toBe('b:1#1')
  return said
}

async function opensWithChange(direction: 'there' | 'back', target: number): Promise<number> {
  let said = 0
  const change = (bytes: Uint8Array): Uint8Array => {
    const at = target - said
    said += bytes.length
    // The lowest bit: lengths and versions stay plausible.
    if (at >= 0 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
  return (await dialledThrough(createWorld(), { [direction]: change })) === 'b:1#1' ? 1 : 0
}

/** Only the first dial has somebody on its way. */
async function dialledThrough(
  world: World,
  middle: Parameters<typeof withMiddle>[1] extends (dial: number) => infer M ? M : never,
): Promise<string> {
  const authentication = world.secret({ member: secrets.old })
  const transport = withMiddle(world.network.transport(), (dial) => (dial === 0 ? middle : {}))
  await using alice = await world.start('a:1', { transport, authentication })
  await using _bob = await world.start('b:1', { authentication })
  const outcome = alice.endpoint.connect(NodeAddress.parse('b:1')).then(String, () => 'failed')
  await world.run(5_500)
  return await outcome
}
