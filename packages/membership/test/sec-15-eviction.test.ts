// SEC-15: whoever is forbidden by one member is cut off by all, and stays so.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeAddress } from '@casty/transport'
import { Evictions } from '@casty/membership'
import { forbidden } from './codec-messages.ts'
import { addressOf, ClusterWorld } from './cluster-world.ts'

const others = ['a', 'b', 'c', 'd']

/** Whether no member has anything open with that life of the evicted host. */
function isCutOff(world: ClusterWorld, evicted: ReturnType<ClusterWorld['node']>): boolean {
  return others.every((host) => {
    const { endpoint } = world.cluster(host)
    const { self } = evicted.cluster
    return !endpoint.isConnected(self, 'control') && !endpoint.isConnected(self, 'data')
  })
}

function hasMember(world: ClusterWorld, host: string): boolean {
  return others.some((other) => world.cluster(other).getState().member(addressOf(host)))
}

function forbidders(world: ClusterWorld, host: string): string {
  return world.nodes
    .filter(({ cluster }) => cluster.getState().evictions.hasAddress(addressOf(host)))
    .map((node) => node.host)
    .join(' ')
}

describe('Who is forbidden by one of five members', () => {
  test('is cut off by all within two seconds, and taken out', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    const evicted = world.node('e')
    world.cluster('b').forbid({ address: evicted.address })
    const tookMs = await world.until(
      () =>
        others.every((host) => forbidders(world, 'e').includes(host)) && isCutOff(world, evicted),
      5_000,
    )
    expect(tookMs).toBeLessThanOrEqual(2_000)
    await world.until(() => !hasMember(world, 'e'), 20_000)
    await world.advance(10_000)
    expect(isCutOff(world, evicted)).toBe(true)
  })

  test('stays out in a later life, also of a member that joined since', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    world.cluster('b').forbid({ address: addressOf('e') })
    await world.until(() => !hasMember(world, 'e'), 20_000)
    await world.kill('e')
    await world.start('f')
    await world.until(() => forbidders(world, 'e').includes('f'), 5_000)
    const { cluster } = await world.start('e', { wallOffsetMs: 60_000, seedNodes: ['a:1', 'f:1'] })
    await expect(world.settled(cluster.waitFor(1), 20_000)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_JOIN_REFUSED',
    })
    await world.advance(10_000)
    expect(hasMember(world, 'e')).toBe(false)
  })

  test('is forbidden by sides that were apart once these meet', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e f')
    world.partition('a b', 'c d')
    world.cluster('a').forbid({ address: addressOf('e') })
    world.cluster('d').forbid({ address: addressOf('f') })
    await world.advance(3_000)
    world.heal()
    const all = (): boolean =>
      others.every((host) =>
        ['e', 'f'].every((evicted) => forbidders(world, evicted).includes(host)),
      )
    await world.until(all, 10_000)
    await world.until(() => !hasMember(world, 'e') && !hasMember(world, 'f'), 30_000)
    expect(all()).toBe(true)
  })
})

test('nobody forbids itself, nor more than the cluster keeps', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a')
  const a = world.cluster('a')
  expect(() => a.forbid({ address: a.self.address })).toThrow(
    expect.objectContaining({ code: 'CASTY_MEMBERSHIP_INVALID_OPTION' }),
  )
  for (let port = 1; port <= 1_024; port++) a.forbid({ address: NodeAddress.of('z', port) })
  a.forbid({ address: NodeAddress.of('z', 1) })
  expect(() => a.forbid({ fingerprint: 'one more' })).toThrow(
    expect.objectContaining({ code: 'CASTY_MEMBERSHIP_TOO_MANY_FORBIDDEN' }),
  )
})

test('evictions merge in any order, any number of times', () => {
  const evictions = fc.array(forbidden).map((entries) => Evictions.empty.merge(entries))
  fc.assert(
    fc.property(evictions, evictions, evictions, (a, b, c) => {
      const ab = a.merge(b.entries)
      expect(ab.digest).toBe(b.merge(a.entries).digest)
      expect(ab.merge(c.entries).digest).toBe(a.merge(b.merge(c.entries).entries).digest)
      expect(a.merge(a.entries)).toBe(a)
    }),
  )
})
