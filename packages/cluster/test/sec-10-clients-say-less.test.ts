// SEC-10: what only members say is dropped and counted when it comes from a client, also from one that does not greet.
import { NodeAddress } from '@casty/cluster'
import { sharedSecret } from '@casty/secret'
import { Endpoint } from '@casty/transport'
import { expect, test } from 'vitest'
import { SystemWorld } from './system-world.ts'

const secrets = {
  member: 'Vr0Zp2vKq3dJ1mX9sT7wLbYcGhNfAeUo',
  client: 'c8Rk5nWx2bQeHzTj7yMvPaLsDgUo4iFX',
}

/** By what they are for; each with a body that would be read, or fail to be, if it came so far. */
const forMembers: readonly (readonly [what: string, frameType: number])[] = [
  ['gossip, joins and downing', 16],
  ['agreeing on who has which shard', 40],
  ['letters that come back', 42],
  ['state that is handed over', 45],
  ['the end of a handover', 46],
  ['what is to be replicated', 48],
  ['what was replicated', 49],
]

test.each(forMembers)('frames for %s are not taken from a client', async (_, frameType) => {
  await using world = await SystemWorld.start('a b', { clients: true, secret: secrets })
  const a = world.node('a')
  const before = a.getClusterState()
  await using client = await Endpoint.start({
    transport: world.network.transport({ host: 'x' }),
    clock: world.clock,
    address: NodeAddress.parse('x:1'),
    incarnation: 1,
    clusterName: 'casty',
    trust: 'client',
    authentication: sharedSecret({ client: secrets.client }),
  })
  for (const lane of ['control', 'data'] as const) {
    client.send(a.cluster.self, lane, frameType, Uint8Array.of(0, 0, 0, 1))
  }
  await world.pass(500)
  const { dropped } = a.cluster.endpoint.counters()
  expect(dropped).toMatchObject({ untrusted: 2, malformed: 0 })
  expect(a.getClusterState().equals(before)).toBe(true)
  expect(a.getClusterState().members).toHaveLength(2)
})

test('a client with the address of a member is refused', async () => {
  await using world = await SystemWorld.start('a b', { clients: true, secret: secrets })
  await using client = await Endpoint.start({
    transport: world.network.transport({ host: 'x' }),
    clock: world.clock,
    address: NodeAddress.parse('x:1'),
    advertised: { host: 'b' },
    incarnation: Number.MAX_SAFE_INTEGER,
    clusterName: 'casty',
    trust: 'client',
    authentication: sharedSecret({ client: secrets.client }),
  })
  const attempt = client.connect(NodeAddress.parse('a:1')).catch((error: unknown) => error)
  expect(await world.settled(attempt)).toMatchObject({ code: 'CASTY_TRANSPORT_REFUSED' })
  await world.pass(10_000)
  expect(world.node('a').getClusterState().unreachable.size).toBe(0)
})
