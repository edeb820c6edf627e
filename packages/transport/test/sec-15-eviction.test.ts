// SEC-15, as far as one endpoint goes: who is forbidden is cut off at once, and refused in every life.
import { NodeAddress, type ChannelProof, type Transport } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { createWorld, messageType, tell, type Node, type World } from './world.ts'

/** The same transport, whose channels show a certificate of the other end, by who dials or is dialled. */
function showing(inner: Transport, fingerprintOf: (host: string) => string): Transport {
  const proof = (host: string): ChannelProof => ({
    names: ['DNS:a', 'DNS:b', 'DNS:c'],
    fingerprint: fingerprintOf(host),
    expiresAt: 0,
    binding: new Uint8Array(32),
  })
  return {
    name: inner.name,
    listen: (address, accept) =>
      inner.listen(address, (channel) =>
        accept(Object.assign(channel, { proof: proof(channel.source) })),
      ),
    dial: async (address, options) =>
      Object.assign(await inner.dial(address, options), { proof: proof(address.host) }),
  }
}

async function refusalOf(world: World, from: Node, to: NodeAddress): Promise<unknown> {
  const outcome = from.endpoint.connect(to).catch((error: unknown) => error)
  await world.run(7_000)
  // What `connect` rejects with: see its contract.
  const { refusal } = (await outcome) as { readonly refusal?: { readonly reason: string } }
  return refusal?.reason
}

describe('whoever has a forbidden address', () => {
  test('is cut off at once, on both lanes, and refused from now on', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using bob = await world.start('b:1')
    tell(bob, alice, 'first', 'control')
    tell(bob, alice, 'first', 'data')
    await world.run()
    bob.endpoint.keep(alice.endpoint.self)
    alice.endpoint.forbid({ address: bob.address })
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(false)
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'data')).toBe(false)
    tell(bob, alice, 'too late')
    await world.run(10_000)
    expect(alice.texts).toEqual(['first', 'first'])
    expect(bob.told).toContain('dial-refused control a:1 forbidden')
    expect(alice.endpoint.counters().refusedByUs.forbidden).toBeGreaterThan(0)
  })

  test('is refused in a later life as well, and nothing is sent to it', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    alice.endpoint.forbid({ address: NodeAddress.parse('b:1') })
    await using bob = await world.start('b:1', { incarnation: 9 })
    expect(await refusalOf(world, bob, alice.address)).toBe('forbidden')
    expect(await refusalOf(world, alice, bob.address)).toBe('forbidden')
    expect(tell(alice, bob, 'nothing')).toBe('dropped')
    expect(bob.texts).toEqual([])
  })

  test('does not hold others back', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using carol = await world.start('c:1')
    alice.endpoint.forbid({ address: NodeAddress.parse('b:1') })
    tell(carol, alice, 'hello')
    await world.run()
    expect(alice.texts).toEqual(['hello'])
  })
})

test('whoever shows a forbidden certificate is cut off, and refused at every address', async () => {
  const world = createWorld()
  // Bob and Carol show the same certificate.
  const start = async (host: string): Promise<Node> =>
    await world.start(`${host}:1`, {
      transport: showing(world.network.transport({ host }), (other) =>
        other === 'a' ? 'of alice' : 'of bob',
      ),
    })
  await using alice = await start('a')
  await using bob = await start('b')
  tell(bob, alice, 'first')
  await world.run()
  alice.endpoint.forbid({ fingerprint: 'of bob' })
  await world.run()
  expect(alice.endpoint.isConnected(bob.endpoint.self, 'data')).toBe(false)
  await using carol = await start('c')
  expect(await refusalOf(world, bob, alice.address)).toBe('forbidden')
  expect(await refusalOf(world, carol, alice.address)).toBe('forbidden')
  expect(await refusalOf(world, alice, carol.address)).toBe('forbidden')
})

test.each(['removed', 'stale-incarnation', 'forbidden'] as const)(
  'whoever shows the certificate of another node evicts nobody by refusing as %s',
  async (reason) => {
    const world = createWorld()
    const shows = (host: string): Transport =>
      showing(world.network.transport({ host }), () => 'of somebody')
    await using alice = await world.start('a:1', { transport: shows('a') })
    // Its certificate is made out to a, b and c.
    await using dave = await world.start('d:1', {
      transport: shows('d'),
      admit: () => ({ type: 'refused', reason, detail: 'so it says' }),
    })
    expect(await refusalOf(world, alice, dave.address)).toBe('identity')
  },
)

test('a certificate is forbidden by its fingerprint as tools show it', async () => {
  const world = createWorld()
  const digits = '0f'.repeat(32)
  const shows = (host: string): Transport =>
    showing(world.network.transport({ host }), () => digits)
  await using alice = await world.start('a:1', { transport: shows('a') })
  await using bob = await world.start('b:1', { transport: shows('b') })
  alice.endpoint.forbid({ fingerprint: Array(32).fill('0F').join(':') })
  expect(await refusalOf(world, bob, alice.address)).toBe('forbidden')
})

test('the owner is shown the certificate of whoever connects', async () => {
  const world = createWorld()
  const shown: (string | undefined)[] = []
  const transport = showing(world.network.transport({ host: 'a' }), (other) => `of ${other}`)
  await using alice = await world.start('a:1', {
    transport,
    admit: ({ proof }) => {
      shown.push(proof?.fingerprint)
      return { type: 'admitted' }
    },
  })
  await using bob = await world.start('b:1', { transport: world.network.transport({ host: 'b' }) })
  bob.endpoint.send(alice.endpoint.self, 'data', messageType, new Uint8Array(1))
  await world.run()
  expect(shown).toEqual(['of b'])
})

test('an endpoint does not forbid itself', async () => {
  const world = createWorld()
  await using alice = await world.start('a:1')
  expect(() => alice.endpoint.forbid({ address: alice.address })).toThrow(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_INVALID_OPTION' }),
  )
})
