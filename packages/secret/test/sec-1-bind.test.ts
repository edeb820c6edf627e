// SEC-1: a node binds beyond loopback only where something protects it, or where it is told to by name.
import type { Transport } from '@casty/transport'
import { expect, test } from 'vitest'
import { createWorld, secrets } from './world.ts'

test('an address that other machines reach is refused, and the error names the three ways out', async () => {
  const world = createWorld()
  const refused = await world
    .start('10.0.0.1:1', { insecure: false })
    .then(String, (error: unknown) => error)
  expect(refused).toMatchObject({ code: 'CASTY_TRANSPORT_INSECURE_BIND' })
  for (const way of ['TLS', 'shared secret', 'insecure: true'])
    expect(String(refused)).toContain(way)
})

test('a secret, TLS or a word of the owner have it bound', async () => {
  const world = createWorld()
  const transport: Transport = { ...wrapped(world.network.transport()), security: 'mutual-tls' }
  const authentication = world.secret({ member: secrets.old })
  const ways = [{ authentication }, { transport }, { insecure: true }]
  for (const [at, way] of ways.entries()) {
    await using node = await world.start(`10.0.0.${at + 1}:1`, { insecure: false, ...way })
    expect(node.endpoint.self.address.port).toBe(1)
  }
})

test.each(['127.0.0.1:1', '[::1]:1', 'localhost:1'])('%s needs none of them', async (address) => {
  const world = createWorld()
  await using node = await world.start(address, { insecure: false })
  expect(node.endpoint.self.address.toString()).toBe(address)
})

function wrapped(inner: Transport): Transport {
  return {
    name: inner.name,
    listen: (address, accept) => inner.listen(address, accept),
    dial: (address, options) => inner.dial(address, options),
  }
}
