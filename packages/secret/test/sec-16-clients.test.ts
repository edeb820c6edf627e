// SEC-16 and SEC-10: clients prove another secret than members, and what only members say is not heeded from them.
import { NodeAddress, NodeIdentity, toIncarnation, TransportError } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import {
  createWorld,
  detailOf,
  dialled,
  messageType,
  reasonOf,
  secrets,
  type World,
} from './world.ts'

const both = { member: secrets.old, client: secrets.client }

function ofClient(world: World) {
  const authentication = world.secret({ client: secrets.client })
  return { authentication, trust: 'client' } as const
}

describe('a client', () => {
  test('is let in by its own secret, and known to be one', async () => {
    const world = createWorld()
    const asked: string[] = []
    await using member = await world.start('a:1', {
      authentication: world.secret(both),
      admit: ({ identity, trust }) => {
        asked.push(`${identity} ${trust}`)
        return { type: 'admitted' }
      },
    })
    await using client = await world.start('x:1', ofClient(world))
    expect(await dialled(world, client, member)).toBe('a:1#1')
    expect(asked).toEqual(['x:1#1 client'])
    expect(member.endpoint.trustOf(client.endpoint.self)).toBe('client')
    expect(client.endpoint.trustOf(member.endpoint.self)).toBe('member')
  })

  test('that listens is dialled by members, who know it to be one', async () => {
    const world = createWorld()
    await using member = await world.start('a:1', { authentication: world.secret(both) })
    await using client = await world.start('x:1', ofClient(world))
    expect(await dialled(world, member, client)).toBe('x:1#1')
    expect(member.endpoint.trustOf(client.endpoint.self)).toBe('client')
  })

  test('opens no connection of a member, whatever it says it is', async () => {
    const world = createWorld()
    await using member = await world.start('a:1', { authentication: world.secret(both) })
    await using posing = await world.start('x:1', {
      // The secret of clients, used as if it were that of members.
      authentication: world.secret({ member: secrets.client }),
    })
    expect(await dialled(world, posing, member)).toBe('authentication')
    expect(member.endpoint.counters().connectionsOpened).toBe(0)
  })

  test('with the secret of members is none, for it would be worth more than it should', async () => {
    const world = createWorld()
    await using member = await world.start('a:1', { authentication: world.secret(both) })
    await using client = await world.start('x:1', {
      authentication: world.secret({ client: secrets.old }),
      trust: 'client',
    })
    expect(await dialled(world, client, member)).toBe('authentication')
  })

  test('is told where members take no clients', async () => {
    const world = createWorld()
    await using member = await world.start('a:1', {
      authentication: world.secret({ member: secrets.old }),
    })
    await using client = await world.start('x:1', ofClient(world))
    expect(await detailOf(world, client, member)).toBe(
      'a:1 was given no secret for connections between a member and a client',
    )
  })

  test('takes no place of a member that is connected, not even as a later life', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { authentication: world.secret(both) })
    await using bob = await world.start('b:1', { authentication: world.secret(both) })
    expect(await dialled(world, bob, alice)).toBe('a:1#1')
    await using client = await world.start('x:1', {
      ...ofClient(world),
      advertised: { host: 'b' },
      incarnation: 99,
    })
    expect(await dialled(world, client, alice)).toBe('authentication')
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
  })

  test('does not keep a member out by having said a later life of its address', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { authentication: world.secret(both) })
    await using client = await world.start('x:1', {
      ...ofClient(world),
      advertised: { host: 'b' },
      incarnation: 99,
    })
    expect(await dialled(world, client, alice)).toBe('a:1#1')
    await using bob = await world.start('b:1', { authentication: world.secret(both) })
    expect(await dialled(world, bob, alice)).toBe('a:1#1')
    expect(alice.endpoint.trustOf(bob.endpoint.self)).toBe('member')
    expect(alice.endpoint.trustOf(NodeIdentity.parse('b:1#99'))).toBeUndefined()
  })
})

describe('a client that was first at the address of a member', () => {
  /** A member that takes clients only where it knows of no member, and one that is about to be. */
  async function meeting(world: World) {
    const members = new Set<string>()
    const alice = await world.start('a:1', {
      authentication: world.secret(both),
      admit: ({ identity: { address }, trust }) =>
        trust === 'client' && members.has(address.toString())
          ? { type: 'refused', reason: 'forbidden', detail: 'a member lives there' }
          : { type: 'admitted' },
    })
    const client = await world.start('x:1', {
      ...ofClient(world),
      advertised: { host: 'b' },
      incarnation: 99,
    })
    expect(await dialled(world, client, alice)).toBe('a:1#1')
    const bob = await world.start('b:1', { authentication: world.secret(both) })
    return { members, alice, bob, client }
  }

  test.each(['kept', 'told'] as const)('is in nobody’s way once that is %s', async (how) => {
    const world = createWorld()
    const { members, alice, bob, client } = await meeting(world)
    members.add('b:1')
    if (how === 'kept') alice.endpoint.keep(bob.endpoint.self)
    else alice.endpoint.send(bob.endpoint.self, 'control', messageType, new Uint8Array(1))
    await world.run(1_000)
    expect(alice.endpoint.trustOf(bob.endpoint.self)).toBe('member')
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
    for (const node of [alice, bob, client]) await node[Symbol.asyncDispose]()
  })

  test('is not taken for who lives there', async () => {
    const world = createWorld()
    const { alice, bob, client } = await meeting(world)
    expect(await dialled(world, alice, bob)).toBe('b:1#1')
    for (const node of [alice, bob, client]) await node[Symbol.asyncDispose]()
  })

  test('is not taken for who answers there, while that is dialled', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', { authentication: world.secret(both) })
    await using client = await world.start('x:1', {
      ...ofClient(world),
      advertised: { host: 'b' },
    })
    world.network.cut(NodeAddress.parse('a:1'), NodeAddress.parse('b:1'), { mode: 'silent' })
    const connecting = alice.endpoint.connect(NodeAddress.parse('b:1')).then(String, reasonOf)
    await world.run(10)
    void client.endpoint.connect(alice.endpoint.self.address).catch(() => undefined)
    await world.run(7_000)
    expect(await connecting).toBe('timeout')
  })
})

describe('a client that members dial', () => {
  test.each(['removed', 'stale-incarnation', 'forbidden'] as const)(
    'ends none of them by refusing it as %s',
    async (reason) => {
      const world = createWorld()
      await using member = await world.start('a:1', { authentication: world.secret(both) })
      await using client = await world.start('x:1', {
        ...ofClient(world),
        admit: () => ({ type: 'refused', reason, knownIncarnation, detail: 'so it says' }),
      })
      const outcome = member.endpoint.connect(client.endpoint.self.address).catch(refusalOf)
      await world.run(1_000)
      expect(await outcome).toEqual({
        reason: 'authentication',
        detail: `the client x:1#1 refused for ${reason}, which is not for it to say`,
      })
    },
  )
})

const knownIncarnation = toIncarnation(Number.MAX_SAFE_INTEGER)

function refusalOf(error: unknown): unknown {
  return error instanceof TransportError ? error.refusal : error
}

test.each([
  ['membership has for itself', 16, {}],
  ['only members may send', 40, { from: 'members' }],
] as const)(
  'a frame that %s is dropped and counted when it comes from a client',
  async (_, frameType, options) => {
    const world = createWorld()
    await using member = await world.start('a:1', { authentication: world.secret(both) })
    await using other = await world.start('b:1', { authentication: world.secret(both) })
    await using client = await world.start('x:1', ofClient(world))
    const from: string[] = []
    member.endpoint.handle(frameType, (peer) => void from.push(peer.key), options)
    client.endpoint.send(member.endpoint.self, 'control', frameType, new Uint8Array(3))
    client.endpoint.send(member.endpoint.self, 'control', 41, new Uint8Array(3))
    other.endpoint.send(member.endpoint.self, 'control', frameType, new Uint8Array(3))
    await world.run()
    expect(from).toEqual(['b:1#1'])
    expect(member.endpoint.counters().dropped).toMatchObject({ untrusted: 2, 'unknown-type': 0 })
  },
)
