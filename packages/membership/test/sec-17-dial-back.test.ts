// SEC-17: whoever is no member yet is dialled back at the address that it gives, before a member believes it.
import { describe, expect, test } from 'vitest'
import { openlyProved } from '../../transport/test/openly-proved.ts'
import { addressOf, ClusterWorld, type WorldOptions } from './cluster-world.ts'
import { eventsOf } from './world-events.ts'

/** What a secret brings with it, and what can be had without one. */
const careful: readonly (readonly [string, WorldOptions])[] = [
  ['where a secret protects it', { authentication: openlyProved }],
  ['where it is asked to', { dialBack: true }],
]

/** Bound at one host, it says that others find it at another. */
function advertising(host: string): WorldOptions {
  return { host, bindHost: 'm' } as WorldOptions
}

describe.each(careful)('A cluster dials back who joins, %s:', (_, options) => {
  test('whoever is found becomes a member, at the cost of a connection for each', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c', options)
    expect(world.view('a')).toBe('a.up b.up c.up')
    const transport = world.cluster('b').endpoint.counters()
    expect(transport.refusedByPeers['unreachable-address']).toBe(0)
    expect(world.nodes.flatMap(({ events }) => eventsOf({ events }, 'join-refused'))).toEqual([])
    const dials = ['a', 'b', 'c'].map(
      (host) => world.cluster(host).endpoint.counters().dialsStarted,
    )
    expect(dials.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(8)
  })

  test('nobody takes the address of a member', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b', options)
    const { incarnation } = world.cluster('b').self
    const liar = await world.start('m', { ...options, ...advertising('b'), wallOffsetMs: 1_000 })
    expect(liar.cluster.self.address).toEqual(addressOf('b'))
    expect(liar.cluster.self.incarnation).toBeGreaterThan(incarnation)
    await world.advance(10_000)
    expect(world.view('a')).toBe('a.up b.up')
    expect(world.cluster('a').getState().member(addressOf('b'))?.incarnation).toBe(incarnation)
    expect(liar.cluster.selfMember).toBeUndefined()
    const told = world
      .node('a')
      .log.filter(({ message }) => message.startsWith('A node is not found'))
    expect(told).toEqual([
      expect.objectContaining({
        level: 'warn',
        details: expect.objectContaining({ claimed: liar.cluster.self.key }),
      }),
    ])
  })

  test('one that gives a wrong address is told so, and goes on asking until it is found there', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a', options)
    const { cluster, events, log } = await world.start('m', { ...options, ...advertising('z') })
    const waiting = expect(cluster.waitFor(2, { timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_TIMEOUT',
      message: expect.stringContaining('a:1 dialled z:1 back, nobody listens there'),
    })
    await world.advance(6_000)
    await waiting
    expect(world.view('a')).toBe('a.up')
    const told = { contact: 'a:1', reason: 'unreachable-address' }
    expect(eventsOf({ events }, 'join-refused')[0]).toMatchObject(told)
    const errors = log.filter(({ level }) => level === 'error')
    expect(errors.map(({ details }) => details)).toEqual([expect.objectContaining(told)])
    expect(world.cluster('a').endpoint.counters().refusedByUs['unreachable-address']).toBeLessThan(
      20,
    )
  })

  test('and forms no cluster beside the one that did not find it, though it is the first seed', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a', options)
    const seedNodes = ['z:1', 'a:1']
    const { cluster } = await world.start('m', { ...options, ...advertising('z'), seedNodes })
    await world.advance(20_000)
    expect(cluster.selfMember).toBeUndefined()
    expect(world.view('a')).toBe('a.up')
  })

  test('one at whose address everything hangs holds up nobody else', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a', options)
    await world.start('m', { ...options, ...advertising('z') })
    world.cut('a', 'z')
    await world.start('b', options)
    await world.until(() => world.view('a') === 'a.up b.up', 2_000)
    await world.advance(20_000)
    expect(world.cluster('a').endpoint.explain().pendingHandshakes).toBeLessThan(2)
    expect(world.view('a')).toBe('a.up b.up')
  })
})

test('Without a secret, and not asked to, a cluster believes what it is told', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a')
  await world.start('m', advertising('z'))
  await world.advance(2_000)
  expect(world.cluster('a').getState().member(addressOf('z'))).toBeDefined()
})

test.each([
  ['dialBack', { dialBack: 1 }],
  ['mayDial', { mayDial: ['10.0.0.0/8'] }],
])('%s is checked', async (option, options) => {
  await using world = new ClusterWorld()
  // Callers without types.
  await expect(world.start('a', options as unknown as WorldOptions)).rejects.toMatchObject({
    code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
    message: expect.stringContaining(option),
  })
})
