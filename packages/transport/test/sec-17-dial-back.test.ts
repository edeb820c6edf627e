// SEC-17: the address that a peer gives is dialled back before it is believed, where the owner asks for that; and what
// others have named is dialled only where a node of the cluster can be.
import {
  mayDialByDefault,
  NodeAddress,
  NodeIdentity,
  TransportError,
  type Authentication,
  type EndpointOptions,
  type Transport,
} from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { openlyProved } from './openly-proved.ts'
import { listenRaw } from './raw.ts'
import { createWorld, tell, type Node, type World } from './world.ts'

const careful: Partial<EndpointOptions> = { admit: () => ({ type: 'dial-back' }) }

/** What comes of a dial: `connected`, or why not. */
function dial(from: Node, to: NodeAddress): Promise<string> {
  return from.endpoint.connect(to).then(
    () => 'connected',
    // What `connect` rejects with: see its contract.
    (error: { readonly refusal?: { readonly reason: string; readonly detail: string } }) =>
      `${error.refusal?.reason}: ${error.refusal?.detail}`,
  )
}

async function dialled(world: World, from: Node, to: NodeAddress, ms = 4_000): Promise<string> {
  const outcome = dial(from, to)
  await world.run(ms)
  return await outcome
}

function strayed(what: string): string {
  return `unreachable-address: a:1 dialled c:1 back, ${what}; advertise the host and port that others reach`
}

describe.each([
  ['without a secret', {}],
  ['with a secret', { authentication: openlyProved }],
])('whoever dials is dialled back, %s,', (_, credential) => {
  const cautious = { ...careful, ...credential }

  test('and taken where it is found, over the connection that it made', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', cautious)
    await using bob = await world.start('b:1', cautious)
    expect(await dialled(world, bob, alice.address)).toBe('connected')
    expect(alice.told).toEqual(['lane-opened control b:1#1'])
    expect(bob.told).toEqual(['lane-opened control a:1#1'])
    expect(alice.endpoint.counters()).toMatchObject({ dialsStarted: 1, connectionsOpened: 1 })
    expect(bob.endpoint.counters()).toMatchObject({ dialsStarted: 1, connectionsOpened: 1 })
    expect(bob.endpoint.explain().pendingHandshakes).toBe(0)
  })

  test('once: its second lane needs no other', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', cautious)
    await using bob = await world.start('b:1', credential)
    await dialled(world, bob, alice.address)
    tell(bob, alice, 'bulk', 'data')
    await world.run()
    expect(alice.texts).toEqual(['bulk'])
    expect(alice.endpoint.counters().dialsStarted).toBe(1)
  })

  test('and refused where another life answers, which keeps what there is with it', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', cautious)
    await using carol = await world.start('c:1', credential)
    await dialled(world, carol, alice.address)
    const advertised = { host: 'c', port: 1 }
    await using liar = await world.start('m:1', { ...credential, advertised, incarnation: 9 })
    expect(await dialled(world, liar, alice.address)).toBe(
      strayed('c:1#9 was dialled, c:1#1 answers'),
    )
    expect(alice.endpoint.isConnected(carol.endpoint.self, 'control')).toBe(true)
    expect(alice.told.at(-1)).toMatch(/^dial-back-failed c:1#9 \S+ untold 0$/)
    tell(carol, alice, 'still here')
    tell(alice, carol, 'so am I')
    await world.run()
    expect(alice.texts).toEqual(['still here'])
    expect(carol.texts).toEqual(['so am I'])
    expect(carol.told).not.toContain('lane-closed control a:1#1 peer-gone lost 0')
  })

  test('and refused where nobody listens', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', cautious)
    const advertised = { host: 'c', port: 1 }
    await using bob = await world.start('b:1', { ...credential, advertised })
    expect(await dialled(world, bob, alice.address)).toBe(strayed('nobody listens there'))
    expect(alice.endpoint.counters().refusedByUs['unreachable-address']).toBe(1)
    expect(alice.endpoint.counters().dialsFailed.refused).toBe(1)
  })

  test('and refused where something else listens, or another cluster', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', cautious)
    const advertised = { host: 'c', port: 1 }
    await using bob = await world.start('b:1', { ...credential, advertised })
    {
      await using other = await world.start('c:1', { ...credential, clusterName: 'other' })
      expect(await dialled(world, bob, alice.address)).toBe(
        strayed('a:1 belongs to cluster "test", c:1 to "other"'),
      )
      expect(other.endpoint.explain().associations).toEqual([])
    }
    await world.run(1_000)
    await listenRaw(world, NodeAddress.parse('c:1'), () => new TextEncoder().encode('SSH-2.0-any'))
    const outcome = dialled(world, bob, alice.address)
    expect(await outcome).toBe(strayed('what answers there does not speak this protocol'))
  })

  test('within half the time of a handshake, and is told where that was too short', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', cautious)
    const advertised = { host: 'c', port: 1 }
    await using bob = await world.start('b:1', { ...credential, advertised })
    await using carol = await world.start('c:1', credential)
    world.network.pause(carol.address)
    expect(await dialled(world, bob, alice.address, 2_600)).toBe(strayed('no answer came in time'))
    await world.run(5_000)
    expect(alice.endpoint.explain()).toMatchObject({ pendingHandshakes: 0, associations: [] })
    world.network.resume(carol.address)
  })

  test('and both are, where both dial at once: one connection is left', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', cautious)
    await using bob = await world.start('b:1', cautious)
    const both = [dial(bob, alice.address), dial(alice, bob.address)]
    await world.run(4_000)
    expect(await Promise.all(both)).toEqual(['connected', 'connected'])
    expect(alice.endpoint.counters().connectionsOpened).toBe(1)
    expect(bob.endpoint.counters().connectionsOpened).toBe(1)
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
  })
})

test('one that goes away while it is dialled back leaves nothing behind', async () => {
  const world = createWorld()
  await using alice = await world.start('a:1', careful)
  await using carol = await world.start('c:1')
  world.network.pause(carol.address)
  const bob = await world.start('b:1', { advertised: { host: 'c', port: 1 } })
  const outcome = dialled(world, bob, alice.address, 500)
  await bob[Symbol.asyncDispose]()
  await outcome
  expect(alice.endpoint.explain()).toMatchObject({ pendingHandshakes: 0, associations: [] })
  expect(alice.told).toEqual([])
  world.network.resume(carol.address)
})

test('after many in vain within a minute, others from there are refused without a dial', async () => {
  const world = createWorld()
  const limits = { maxVainDialBacksPerMinute: 10 }
  await using alice = await world.start('a:1', { ...careful, limits })
  const advertised = { host: 'c', port: 1 }
  for (let attempt = 0; attempt < 10; attempt++) {
    await using bob = await world.start('b:1', { advertised, incarnation: attempt + 1 })
    await dialled(world, bob, alice.address, 10)
  }
  await using bob = await world.start('b:1', { advertised, incarnation: 11 })
  expect(await dialled(world, bob, alice.address, 10)).toBe(
    'unreachable-address: a:1 does not dial c:1 back: too many from there were not found where they said, within a minute',
  )
  expect(alice.endpoint.counters().dialsStarted).toBe(10)
  expect(alice.told).toEqual([expect.stringMatching(/^dial-back-failed c:1#1 \S+ untold 0$/)])
  await world.run(60_000)
  await using late = await world.start('d:1')
  expect(await dialled(world, late, alice.address)).toBe('connected')
})

describe('who answers a dial back is asked whether it has dialled', () => {
  const proving = { ...careful, authentication: openlyProved }
  const { authentication } = proving

  test('so that nobody passes for one that lives where he says, and has not', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', proving)
    await using carol = await world.start('c:1', { authentication })
    const advertised = { host: 'c', port: 1 }
    await using liar = await world.start('m:1', { authentication, advertised })
    expect(String(liar.endpoint.self)).toBe(String(carol.endpoint.self))
    expect(await dialled(world, liar, alice.address)).toBe(strayed('c:1#1 has not dialled it'))
    expect(await dialled(world, carol, alice.address)).toBe('connected')
  })

  test('nor by a hello that it has said to somebody else', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', proving)
    await using bob = await world.start('b:1', proving)
    const nonces: Uint8Array[] = []
    const remembering: Authentication = {
      ...authentication,
      begin() {
        const exchange = authentication.begin()
        nonces.push(exchange.nonce)
        return exchange
      },
    }
    await using carol = await world.start('c:1', { authentication: remembering })
    expect(await dialled(world, carol, bob.address)).toBe('connected')
    const [said] = nonces
    if (said === undefined) throw new Error('carol has said no hello')
    const repeating: Authentication = {
      ...authentication,
      begin: () => ({ ...authentication.begin(), nonce: said }),
    }
    const advertised = { host: 'c', port: 1 }
    await using liar = await world.start('m:1', { authentication: repeating, advertised })
    expect(await dialled(world, liar, alice.address)).toBe(strayed('c:1#1 has not dialled it'))
  })
})

describe('who is dialled under another address than its own', () => {
  /** A transport for which `x` is another name of the host `to`. */
  function knowing(world: World, to: string): Transport {
    const transport = world.network.transport()
    return {
      name: 'memory',
      listen: (address, accept) => transport.listen(address, accept),
      dial: (address, options) =>
        transport.dial(address.host === 'x' ? NodeAddress.of(to, address.port) : address, options),
    }
  }
  const alias = NodeAddress.parse('x:1')

  test.each([
    ['without a secret', {}],
    ['with a secret', { authentication: openlyProved }],
  ])('is dialled at its own before it is believed, %s', async (_, credential) => {
    const world = createWorld()
    await using alice = await world.start('a:1', {
      ...careful,
      ...credential,
      transport: knowing(world, 'b'),
    })
    await using bob = await world.start('b:1', { ...careful, ...credential })
    expect(await dialled(world, alice, alias)).toBe('connected')
    expect(alice.endpoint.isConnected(bob.endpoint.self, 'control')).toBe(true)
    expect(alice.endpoint.counters().dialsStarted).toBeGreaterThan(1)
    expect(alice.endpoint.explain().associations.map(({ peer }) => peer)).toEqual(['b:1#1'])
  })

  test('and is not believed where it is not found there', async () => {
    const world = createWorld()
    const transport = knowing(world, 'm')
    await using alice = await world.start('a:1', { ...careful, transport })
    await using carol = await world.start('c:1')
    await using liar = await world.start('m:1', { advertised: { host: 'd', port: 1 } })
    const connecting = alice.endpoint.connect(alias)
    const outcome = expect(connecting).rejects.toMatchObject({
      code: 'CASTY_TRANSPORT_DIAL_FAILED',
      failure: 'unreachable',
      message: expect.stringMatching(/^Dialling x:1 failed: d:1#1 answers there, .*nobody listens/),
    })
    await world.run(4_000)
    await outcome
    expect(liar.received.frames).toEqual([])
    expect(alice.endpoint.isConnected(carol.endpoint.self, 'control')).toBe(false)
  })

  test('nor dialled where no node can be, nor sent on a second time', async () => {
    const world = createWorld()
    const transport = knowing(world, 'm')
    await using alice = await world.start('a:1', { ...careful, transport })
    {
      await using _liar = await world.start('m:1', { advertised: { host: '127.0.0.1', port: 22 } })
      const outcome = expect(alice.endpoint.connect(alias)).rejects.toMatchObject({
        cause: { failure: 'not-allowed' },
      })
      await world.run(4_000)
      await outcome
    }
    await world.run(60_000)
    await using _first = await world.start('m:1', { advertised: { host: 'd', port: 1 } })
    await using _second = await world.start('d:1', { advertised: { host: 'e', port: 1 } })
    await using _third = await world.start('e:1')
    expect(await dialled(world, alice, alias)).toBe(
      'unreachable-address: d:1 was dialled, e:1#1 answers',
    )
  })
})

describe('an address that others have named', () => {
  test('is not dialled where no node of the cluster can be; the owner may name it itself', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1')
    await using metadata = await world.start('169.254.169.254:80', { clusterName: 'metadata' })
    const named = NodeIdentity.of(metadata.address, 1)
    alice.endpoint.send(named, 'control', 32, Uint8Array.of(1))
    alice.endpoint.keep(named)
    await world.run()
    expect(alice.told).toContain('dial-failed control 169.254.169.254:80 not-allowed')
    expect(world.network.links()).toEqual([])
    alice.endpoint.unkeep(named)
    await world.run(60_000)
    expect(await dialled(world, alice, metadata.address)).toMatch(/^cluster-name: /)
  })

  test('is not dialled back either', async () => {
    const world = createWorld()
    await using alice = await world.start('a:1', careful)
    await using bob = await world.start('b:1', { advertised: { host: '127.0.0.1', port: 22 } })
    expect(await dialled(world, bob, alice.address)).toContain(
      'back, which it may not: see its option mayDial',
    )
    expect(alice.endpoint.counters().dialsFailed['not-allowed']).toBe(1)
  })

  test('is judged again by what its name leads to, unless the owner has named it', async () => {
    const world = createWorld()
    const inner = world.network.transport()
    const resolving: Transport = {
      name: 'memory',
      listen: (address, accept) => inner.listen(address, accept),
      async dial(address, options = {}) {
        if (options.mayDial?.('169.254.169.254') === false)
          throw TransportError.dialFailed(address, 'not-allowed')
        return await inner.dial(address, options)
      },
    }
    const judged: string[] = []
    await using alice = await world.start('a:1', {
      transport: resolving,
      mayDial(address, named) {
        judged.push(`${named} leads to ${address}`)
        return mayDialByDefault(address, NodeAddress.parse('a:1'), named)
      },
    })
    await using evil = await world.start('evil:80', { clusterName: 'metadata' })
    alice.endpoint.keep(evil.endpoint.self)
    await world.run()
    expect(judged.slice(0, 2)).toEqual([
      'evil:80 leads to evil:80',
      'evil:80 leads to 169.254.169.254:80',
    ])
    expect(alice.told).toContain('dial-failed control evil:80 not-allowed')
    expect(world.network.links()).toEqual([])
    alice.endpoint.unkeep(evil.endpoint.self)
    await world.run(60_000)
    const dialling = alice.endpoint.connect(evil.address, { namedBy: 'others' })
    const outcome = expect(dialling).rejects.toMatchObject({ failure: 'not-allowed' })
    await world.run()
    await outcome
    expect(await dialled(world, alice, evil.address)).toMatch(/^cluster-name: /)
  })

  test('is judged by the owner where it says how, and by nobody where that throws', async () => {
    const world = createWorld()
    const asked: string[] = []
    await using alice = await world.start('a:1', {
      mayDial: (address) => {
        asked.push(String(address))
        if (address.host === 'c') throw new Error('no such list')
        return address.host === 'b'
      },
    })
    for (const host of ['b', 'c', 'd']) {
      alice.endpoint.send(
        NodeIdentity.of(NodeAddress.of(host, 1), 1),
        'control',
        32,
        new Uint8Array(1),
      )
    }
    await world.run()
    expect(asked).toEqual(['b:1', 'c:1', 'd:1'])
    expect(alice.told.filter((text) => text.startsWith('dial-failed'))).toEqual([
      'dial-failed control c:1 not-allowed',
      'dial-failed control d:1 not-allowed',
      'dial-failed control b:1 refused',
    ])
    expect(alice.endpoint.counters().listenerErrors).toBe(1)
  })
})
