// What a node comes to know when most of the others are out of its reach, and how it tells.
import { NodeAddress } from '@casty/transport'
import { describe, expect, test } from 'vitest'
import { decodeMessage } from '../src/codec.ts'
import { ClusterWorld } from './cluster-world.ts'
import { eventsOf } from './world-events.ts'

const ten = 'a b c d e f g h i j'

describe('A minority that is cut off', () => {
  test.each([
    ['g', 'a b c d e f'],
    ['j', 'a b c d e f g h i'],
    ['i j', 'a b c d e f g h'],
    ['h i j', 'a b c d e f g'],
  ])('finds everybody else unreachable: %s from %s', async (minority, majority) => {
    await using world = new ClusterWorld()
    await world.startAll(`${majority} ${minority}`)
    await world.advance(10_000)
    world.partition(minority, majority)
    const [first = ''] = minority.split(' ')
    await world.until(() => world.unreachable(first) === majority, 60_000)
    expect(world.unreachable('a')).toBe(minority)
  })

  test('is found by nobody to be more than it is', async () => {
    await using world = new ClusterWorld()
    await world.startAll(ten)
    await world.advance(10_000)
    world.partition('j', 'a b c d e f g h i')
    await world.advance(60_000)
    world.heal()
    await world.until(() => world.agreed && world.allUp(10), 20_000)
    const accused = eventsOf(world.node('a'), 'member-unreachable')
    expect(new Set(accused.map(({ member }) => member.address.host))).toEqual(new Set(['j']))
  })
})

describe('Leaving', () => {
  test('while the view cannot converge ends all the same, exit tasks included', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await world.advance(5_000)
    await world.vanish('b')
    await world.until(() => world.unreachable('a') === 'b', 20_000)
    let ran = false
    const { cluster } = world.node('a')
    cluster.beforeExit(async () => {
      ran = true
    })
    const before = world.clock.now()
    await world.settled(cluster.leave(), 30_000)
    expect(ran).toBe(true)
    expect(world.clock.now() - before).toBeLessThanOrEqual(6_000)
  })

  test('waits for exit tasks longer than it waits for others', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster } = world.node('c')
    let ended = false
    cluster.beforeExit(async () => {
      await new Promise<void>((resolve) => world.clock.schedule(20_000, resolve))
      ended = true
    })
    await world.settled(cluster.leave(), 30_000)
    expect(ended).toBe(true)
    await world.until(() => world.everySees('a.up b.up'), 5_000)
  })

  test('while a contact is admitting the node leaves no member behind', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    const b = await world.start('b', { seedNodes: ['a:1'] })
    await world.until(() => world.cluster('a').getState().members.length === 2, 5_000)
    await world.settled(b.cluster.leave(), 20_000)
    await world.until(() => world.view('a') === 'a.up', 20_000)
  })
})

test('a node that downs itself tells the others before it stops', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a b c')
  world.cluster('c').down(world.cluster('c').self)
  await world.until(() => world.everySees('a.up b.up'), 5_000)
  expect(
    eventsOf(world.node('a'), 'member-downed').map(({ member }) => member.address.host),
  ).toEqual(['c'])
})

test('a node whose wall clock is days ahead does not let the dead back in', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a b c d')
  world.node('b').clock.wallOffsetMs = 3 * 86_400_000
  await world.kill('d')
  await world.until(() => world.unreachable('a') === 'd', 10_000)
  world.cluster('a').down(NodeAddress.of('d', 1))
  await world.until(() => world.everySees('a.up b.up c.up'), 10_000)
  await world.advance(10_000)
  for (const host of ['a', 'b', 'c']) {
    expect(
      [...world.cluster(host).getState().tombstones.values()].map(({ node }) =>
        node.address.toString(),
      ),
    ).toEqual(['d:1'])
  }
})

test('a joiner that claims more roles than a member may have is not read', () => {
  const role = [1, 0x78]
  const join = Uint8Array.of(5, 0, 0, 65, ...Array.from({ length: 65 }, () => role).flat())
  expect(() => decodeMessage(join)).toThrow(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_MALFORMED' }),
  )
})

test('a node that hears nobody, but is heard, has nobody else found unreachable', async () => {
  await using world = new ClusterWorld()
  await world.startAll(ten)
  await world.advance(10_000)
  for (const host of 'a b c d e f g h i'.split(' ')) world.cut(host, 'j', { oneWay: true })
  await world.advance(60_000)
  for (const host of 'a b c d e f g h i'.split(' ')) {
    const accused = eventsOf(world.node(host), 'member-unreachable')
    expect(accused.filter(({ member }) => member.address.host !== 'j')).toEqual([])
  }
})

test('a node that learns late of a removal forgets it with the others', async () => {
  await using world = new ClusterWorld()
  const options = { tombstoneTtlMs: 30_000 }
  await world.startAll('a b c', options)
  await world.settled(world.cluster('c').leave())
  await world.advance(20_000)
  await world.start('d', options)
  await world.until(() => world.allUp(3), 5_000)
  const remembered = (): readonly number[] =>
    world.nodes.map(({ cluster }) => cluster.getState().tombstones.size)
  expect(remembered()).toEqual([1, 1, 1])
  await world.until(() => remembered().includes(0), 15_000)
  await world.advance(1_100) // They look once in a round of gossip.
  expect(remembered()).toEqual([0, 0, 0])
})
