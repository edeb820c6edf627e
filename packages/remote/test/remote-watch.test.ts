import type { Ending } from '@casty/actor'
import { describe, expect, test } from 'vitest'
import { ClusterWorld, type WorldNode } from '../../membership/test/cluster-world.ts'
import { RemoteWatch } from '../src/watch/remote-watch.ts'
import { SystemDelivery } from '../src/system-delivery/system-delivery.ts'
import { encodeSystemFrame } from '../src/system-delivery/system-frame.ts'
import { encodeWatchMessage } from '../src/watch/watch-messages.ts'

/** A node with actors that others may watch: by path, those who are to hear of their end. */
class Watchtower {
  readonly node: WorldNode
  readonly actors = new Map<string, Set<(ending: Ending) => void>>()
  readonly reported: unknown[] = []
  readonly givenUp: string[] = []
  /** How many messages it sent to others, and how many came. */
  readonly sent = new Map<string, number>()
  arrived = Infinity
  readonly watch: RemoteWatch

  constructor(
    node: WorldNode,
    options: { maxWatchesPerNode?: number; maxPendingMessages?: number } = {},
  ) {
    this.node = node
    this.watch = new RemoteWatch({
      cluster: node.cluster,
      clock: node.clock,
      maxWatchesPerNode: 1_000,
      maxPendingMessages: 1_000,
      ...options,
      givenUp: (_node, reason) => void this.givenUp.push(reason),
      order: {
        sentTo: ({ key }) => ({ session: 1, sequence: this.sent.get(key) ?? 0 }),
        hasArrived: (_from, { sequence }) => sequence <= this.arrived,
      },
      report: (error) => void this.reported.push(error),
      observe: ({ path }, ended) => {
        const observers = this.actors.get(path)
        observers?.add(ended)
        return observers && { [Symbol.dispose]: () => void observers.delete(ended) }
      },
    })
  }

  spawn(path: string): void {
    this.actors.set(path, new Set())
  }

  stop(path: string, ending: Ending = 'stopped'): void {
    const observers = this.actors.get(path)
    this.actors.delete(path)
    for (const ended of observers ?? []) ended(ending)
  }

  observersOf(path: string): number {
    return this.actors.get(path)?.size ?? 0
  }
}

async function towers(world: ClusterWorld, hosts: string): Promise<Map<string, Watchtower>> {
  await world.startAll(hosts)
  return new Map(world.nodes.map((node) => [node.host, new Watchtower(node)]))
}

function pairOf(found: Map<string, Watchtower>): readonly [Watchtower, Watchtower] {
  const [a, b] = [found.get('a'), found.get('b')]
  if (!a || !b) throw new Error('There is no a, or no b')
  return [a, b]
}

/** Watches an actor, and gives what is heard of it. */
function watched(
  from: Watchtower,
  at: Watchtower,
  path: string,
): { heard: Ending[]; watch: Disposable } {
  const heard: Ending[] = []
  const target = { path, uid: 0 }
  const watch = from.watch.watch(at.node.cluster.self, target, (ending) => void heard.push(ending))
  return { heard, watch }
}

describe('Somebody who watches an actor of another node', () => {
  test.each(['stopped', 'failed'] as const)('hears once that it %s', async (ending) => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b'))
    b.spawn('/x')
    const { heard } = watched(a, b, '/x')
    await world.advance(20)
    expect(heard).toEqual([])
    b.stop('/x', ending)
    await world.until(() => heard.length > 0, 100)
    await world.advance(10_000)
    expect(heard).toEqual([ending])
    expect([a.watch.metrics().watching, b.watch.metrics().watched]).toEqual([0, 0])
  })

  test('hears of its end after what it sent, or in three seconds', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b'))
    for (const path of ['/x', '/y']) b.spawn(path)
    const [x, y] = [watched(a, b, '/x'), watched(a, b, '/y')]
    await world.advance(20)
    a.arrived = 0
    b.sent.set(a.node.cluster.self.key, 7)
    b.stop('/x')
    await world.advance(500)
    expect(x.heard).toEqual([])
    a.arrived = 7
    await world.advance(100)
    expect(x.heard).toEqual(['stopped'])
    b.sent.set(a.node.cluster.self.key, 8)
    b.stop('/y')
    await world.advance(2_900)
    expect(y.heard).toEqual([])
    await world.advance(300)
    expect(y.heard).toEqual(['stopped'])
  })

  test('hears at once that there is none', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b'))
    const { heard } = watched(a, b, '/nobody')
    await world.until(() => heard.length > 0, 50)
    expect(heard).toEqual(['stopped'])
  })

  test('shares its watch with others, and is told beside them', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b'))
    b.spawn('/x')
    const all = Array.from({ length: 10 }, () => watched(a, b, '/x'))
    await world.advance(20)
    expect(b.observersOf('/x')).toBe(1)
    all[0]?.watch[Symbol.dispose]()
    b.stop('/x')
    await world.advance(50)
    expect(all.map(({ heard }) => heard.length)).toEqual([0, ...Array<number>(9).fill(1)])
  })

  test('hears nothing once it watches no more, and nothing is left of it', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b'))
    b.spawn('/x')
    const { heard, watch } = watched(a, b, '/x')
    await world.advance(20)
    watch[Symbol.dispose]()
    b.stop('/x') // While word of that is under way.
    await world.advance(50)
    expect(heard).toEqual([])
    expect([a.watch.metrics().watching, b.watch.metrics().watched]).toEqual([0, 0])
  })

  test('hears that its node is gone when that was downed', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b c'))
    b.spawn('/x')
    const { heard } = watched(a, b, '/x')
    await world.advance(20)
    await world.kill('b')
    a.node.cluster.down(b.node.cluster.self)
    await world.advance(1)
    expect(heard).toEqual(['node-gone'])
    await world.advance(30_000)
    expect(heard).toEqual(['node-gone'])
  })

  test('is let go with its node, and the actor lives on', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b c'))
    b.spawn('/x')
    watched(a, b, '/x')
    await world.advance(20)
    expect(b.observersOf('/x')).toBe(1)
    await world.kill('a')
    b.node.cluster.down(a.node.cluster.self)
    await world.advance(1)
    expect([b.observersOf('/x'), b.watch.metrics().watched]).toEqual([0, 0])
  })

  test('hears that the former life of a node is gone when it was started again', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b c'))
    b.spawn('/x')
    const { heard } = watched(a, b, '/x')
    await world.advance(20)
    await world.kill('b')
    await world.advance(1_000)
    const again = new Watchtower(await world.start('b'))
    again.spawn('/x')
    await world.until(() => heard.length > 0, 10_000)
    await world.until(() => world.allUp(3), 20_000)
    const next = watched(a, again, '/x')
    await world.advance(100)
    again.stop('/x')
    await world.advance(100)
    expect([heard, next.heard]).toEqual([['node-gone'], ['stopped']])
  })

  test('hears at once that a node is gone which was so before', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b c'))
    await world.kill('b')
    a.node.cluster.down(b.node.cluster.self)
    await world.advance(10_000)
    expect(watched(a, b, '/x').heard).toEqual(['node-gone'])
    expect(a.watch.metrics().watching).toBe(0)
  })

  test('hears that all others are gone when its own node was downed', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b c'))
    b.spawn('/x')
    const { heard } = watched(a, b, '/x')
    await world.advance(20)
    world.cluster('c').down(a.node.cluster.self)
    await world.until(() => heard.length > 0, 10_000)
    expect(heard).toEqual(['node-gone'])
    expect(watched(a, b, '/x').heard).toEqual(['node-gone'])
  })

  test('hears of what stopped while its node could not be reached', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b c'))
    b.spawn('/x')
    const { heard } = watched(a, b, '/x')
    await world.advance(20)
    world.cut('a', 'b', { mode: 'reset' })
    b.stop('/x')
    await world.advance(3_000)
    expect(heard).toEqual([])
    world.heal()
    await world.until(() => heard.length > 0, 10_000)
    expect(heard).toEqual(['stopped'])
  })

  test('that throws is reported, and disturbs nobody', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b'))
    b.spawn('/x')
    const target = { path: '/x', uid: 0 }
    a.watch.watch(b.node.cluster.self, target, () => {
      throw new Error('not today')
    })
    const { heard } = watched(a, b, '/x')
    await world.advance(20)
    b.stop('/x')
    await world.advance(50)
    expect(heard).toEqual(['stopped'])
    expect(a.reported).toHaveLength(1)
  })

  test('is refused beyond the bound, but not for what is watched already', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const a = new Watchtower(world.node('a'), { maxWatchesPerNode: 2 })
    const b = new Watchtower(world.node('b'))
    watched(a, b, '/x')
    watched(a, b, '/y')
    watched(a, b, '/x')
    expect(() => watched(a, b, '/z')).toThrow(
      expect.objectContaining({ code: 'CASTY_REMOTE_TOO_MANY_WATCHES' }),
    )
  })
})

test('A node that takes no more watches says so, and counts them', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a b')
  const a = new Watchtower(world.node('a'))
  const b = new Watchtower(world.node('b'), { maxWatchesPerNode: 1 })
  for (const path of ['/x', '/y']) b.spawn(path)
  const [x, y] = [watched(a, b, '/x'), watched(a, b, '/y')]
  await world.advance(50)
  expect([x.heard, y.heard]).toEqual([[], ['node-gone']])
  expect(b.watch.metrics()).toMatchObject({ watched: 1, refused: 1 })
})

describe('A node to which too much is to be said', () => {
  test('is watched anew, and nobody hears that it is gone', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const a = new Watchtower(world.node('a'), { maxPendingMessages: 8 })
    const b = new Watchtower(world.node('b'), { maxPendingMessages: 8 })
    a.spawn('/mine')
    for (const path of ['/x', '/y']) b.spawn(path)
    const mine = watched(b, a, '/mine')
    const [x, y] = [watched(a, b, '/x'), watched(a, b, '/y')]
    await world.advance(50)
    world.cut('a', 'b', { mode: 'reset' })
    b.stop('/y', 'failed')
    for (let count = 0; count < 5; count++) watched(a, b, '/z').watch[Symbol.dispose]()
    expect(a.givenUp).toEqual(['overflow'])
    world.heal()
    await world.until(() => y.heard.length > 0, 10_000)
    expect(b.givenUp).toEqual(['by-peer'])
    expect([mine.heard, x.heard, y.heard]).toEqual([[], [], ['stopped']])
    expect([a.observersOf('/mine'), b.observersOf('/x')]).toEqual([1, 1])
    b.stop('/x')
    a.stop('/mine', 'failed')
    await world.advance(1_000)
    expect([mine.heard, x.heard]).toEqual([['failed'], ['stopped']])
    expect([a, b].map(({ watch }) => watch.metrics())).toMatchObject([
      { watching: 0, watched: 0 },
      { watching: 0, watched: 0 },
    ])
  })

  test('is given up where more is watched than could be said anew', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const a = new Watchtower(world.node('a'), { maxPendingMessages: 5 })
    const b = new Watchtower(world.node('b'), { maxPendingMessages: 5 })
    a.spawn('/mine')
    b.spawn('/x')
    const mine = watched(b, a, '/mine')
    const { heard } = watched(a, b, '/x')
    await world.advance(50)
    world.cut('a', 'b', { mode: 'reset' })
    for (let count = 0; count < 6; count++) watched(a, b, `/${count}`)
    expect(heard).toEqual(['node-gone'])
    world.heal()
    await world.until(() => b.givenUp.length > 0, 10_000)
    expect([a.givenUp, b.givenUp]).toEqual([['overflow'], ['by-peer']])
    await world.advance(1_000)
    expect(mine.heard).toEqual([]) // There is little to say in this direction.
    expect(a.observersOf('/mine')).toBe(1)
    const again = watched(a, b, '/x')
    await world.advance(1_000)
    b.stop('/x')
    await world.advance(1_000)
    expect(again.heard).toEqual(['stopped'])
  })
})

test('A node whose watches all ended begins anew with others, which are told of it', async () => {
  await using world = new ClusterWorld()
  const [a, b] = pairOf(await towers(world, 'a b'))
  a.spawn('/mine')
  b.spawn('/x')
  const mine = watched(b, a, '/mine')
  const former = watched(a, b, '/x')
  await world.advance(50)
  a.watch[Symbol.dispose]()
  expect(former.heard).toEqual(['node-gone'])
  const again = new Watchtower(world.node('a'))
  await world.until(() => mine.heard.length > 0, 1_000)
  const next = watched(again, b, '/x')
  await world.advance(50)
  expect(b.observersOf('/x')).toBe(1)
  b.stop('/x')
  await world.advance(50)
  expect([former.heard, mine.heard, next.heard]).toEqual([
    ['node-gone'],
    ['stopped'], // There is none in its place.
    ['stopped'],
  ])
})

describe('Delivery of system messages', () => {
  test('refuses frames for another life of its node, and counts them', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b'))
    const { self } = b.node.cluster
    const malformed = Uint8Array.of(255)
    const forAnother = Uint8Array.of(1, 1, 0, 1, 0)
    a.node.cluster.endpoint.send(self, 'control', 39, malformed)
    a.node.cluster.endpoint.send(self, 'control', 39, forAnother)
    await world.advance(20)
    expect(b.watch.metrics().delivery).toMatchObject({ refusedFrames: 1, received: 0 })
  })

  test('counts a message that cannot be read, and goes on with the next', async () => {
    await using world = new ClusterWorld()
    const [a, b] = pairOf(await towers(world, 'a b'))
    const { self } = b.node.cluster
    const unwatch = encodeWatchMessage({ type: 'unwatch', id: 1 })
    const messages = [Uint8Array.of(99, 1), unwatch]
    const frame = { incarnation: self.incarnation, session: 1, acknowledged: 0, first: 1, messages }
    a.node.cluster.endpoint.send(self, 'control', 39, encodeSystemFrame(frame))
    await world.advance(20)
    expect(b.watch.metrics().delivery).toMatchObject({ malformed: 1, received: 2 })
  })

  test('sends nothing for a life that is over, nor once it was disposed of', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const { cluster, clock } = world.node('a')
    const limits = {
      minMs: 200,
      maxMs: 5_000,
      unknownNodeMs: 10_000,
      maxUnknownNodes: 2,
      maxPending: 10,
    }
    const messages = { received: (): void => {}, givenUp: (): void => {} }
    const delivery = new SystemDelivery({ cluster, clock, limits, messages })
    const { self } = world.cluster('b')
    expect(delivery.send(self, Uint8Array.of(1))).toBe(true)
    cluster.down(self)
    expect(delivery.send(self, Uint8Array.of(1))).toBe(false)
    delivery[Symbol.dispose]()
    expect(delivery.send(world.cluster('c').self, Uint8Array.of(1))).toBe(false)
    expect(delivery.metrics()).toMatchObject({ givenUp: { gone: 1 }, pending: 0 })
  })
})
