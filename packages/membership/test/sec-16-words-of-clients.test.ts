// SEC-16: a client tells members nothing of lives and members, whatever it says as it turns them away.
import { describe, expect, test } from 'vitest'
import { Endpoint, NodeIdentity, type Channel, type Transport } from '@casty/transport'
import { clusterDefaults } from '@casty/membership'
import { addressOf, ClusterWorld } from './cluster-world.ts'

/** A client that has dialled, and its connections, on which it says what it likes. */
async function clientOf(world: ClusterWorld, host: string) {
  const channels: Channel[] = []
  const inner = world.network.transport({ host })
  const transport: Transport = {
    name: inner.name,
    listen: (address, accept) => inner.listen(address, accept),
    dial: async (address, options) => {
      const channel = await inner.dial(address, options)
      channels.push(channel)
      return channel
    },
  }
  const endpoint = await Endpoint.start({
    transport,
    clock: world.clock,
    address: addressOf(host),
    incarnation: 1,
    clusterName: clusterDefaults.name,
    trust: 'client',
    remembersPeers: false,
    insecure: true,
  })
  return { endpoint, channels }
}

const refusalType = 3
const reasons = { 'wrong-incarnation': 3, 'stale-incarnation': 4, removed: 5 } as const

/** The frame by which an end turns the other one away, in the name of `actual`. */
function refusalFrame(reason: keyof typeof reasons, { address, incarnation }: NodeIdentity) {
  const host = new TextEncoder().encode(address.host)
  const port = [address.port >> 8, address.port & 0xff]
  const rest: number[] = []
  for (let left: number = incarnation; ; left = Math.floor(left / 128)) {
    rest.push(left >= 128 ? (left % 128) + 128 : left)
    if (left < 128) break
  }
  const body = [reasons[reason], 1, host.length, ...host, ...port, ...rest, 0, 0]
  return Uint8Array.of(0, 0, 0, body.length + 1, refusalType, ...body)
}

/** A client of `a`, in a cluster of `a` and `b`, that turns it away in the name of some life of `b`. */
async function turnedAway(
  world: ClusterWorld,
  reason: keyof typeof reasons,
  lifeOf: (b: NodeIdentity) => NodeIdentity,
): Promise<void> {
  await world.startAll('a b')
  const client = await clientOf(world, 'x')
  await using _ = client.endpoint
  const [a, b] = [world.cluster('a'), world.cluster('b')]
  const connecting = client.endpoint.connect(a.self.address)
  await world.advance(100)
  await connecting
  client.channels[0]?.write(refusalFrame(reason, lifeOf(b.self)))
  await world.advance(10_000)
}

describe('a client that turns a member away', () => {
  test.each(['removed', 'stale-incarnation'] as const)(
    'as %s, in the name of another member, does not end it',
    async (reason) => {
      await using world = new ClusterWorld()
      await turnedAway(world, reason, (b) => b)
      expect(world.view('a')).toBe('a.up b.up')
      expect(world.view('b')).toBe('a.up b.up')
    },
  )

  test('tells of no later life of another member', async () => {
    await using world = new ClusterWorld()
    await turnedAway(world, 'wrong-incarnation', ({ address, incarnation }) =>
      NodeIdentity.of(address, incarnation + 9),
    )
    expect(world.view('a')).toBe('a.up b.up')
    expect(world.unreachable('a')).toBe('')
  })
})
