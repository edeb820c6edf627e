// SEC-13: what a member alone says of itself is not taken from others, and contradicted where others have taken it.
import { describe, expect, test } from 'vitest'
import { VectorClock } from '@casty/clock'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import {
  encodeMessage,
  gossipFor,
  Member,
  membershipFrameType,
  type Cluster,
  type ClusterEvent,
  type ClusterMessage,
  type Dot,
  type FalseClaim,
  type Gossip,
  type GossipRow,
} from '@casty/membership'
import { highestBelieved } from '../src/plausibility.ts'
import { ClusterWorld } from './cluster-world.ts'
import { rawEndpoint } from './raw-endpoint.ts'

function send(from: Cluster, to: Cluster, message: ClusterMessage): void {
  rawEndpoint(from).send(to.self, 'control', membershipFrameType, encodeMessage(message))
}

/** What a member would tell somebody who knows nothing, with lies put in. */
function lieOf(cluster: Cluster, lies: Partial<Gossip>): ClusterMessage {
  return {
    type: 'gossip',
    gossip: { ...gossipFor(cluster.getState(), VectorClock.empty), ...lies },
  }
}

/** That a member, as that dot says, is leaving. */
function lieOfLeaving(liar: Cluster, about: Cluster, dot: Dot): ClusterMessage {
  const state = liar.getState()
  const known = state.member(about.self)
  if (!known) throw new Error('it is a member')
  const version = state.version.merge(VectorClock.of([[dot.node, dot.counter]]))
  return lieOf(liar, { version, records: [{ member: known.withStatus('leaving'), dot }] })
}

async function startThree(world: ClusterWorld): Promise<Record<'a' | 'b' | 'c', Cluster>> {
  await world.startAll('a b c')
  const [a, b, c] = ['a', 'b', 'c'].map((host) => world.cluster(host))
  if (!a || !b || !c) throw new Error('three were started')
  return { a, b, c }
}

function claimsTo(world: ClusterWorld, host: string): readonly FalseClaim[] {
  const isClaim = (event: ClusterEvent): event is FalseClaim => event.type === 'false-claim'
  return world.node(host).events.filter(isClaim)
}

/** A row in which `observer` finds some unreachable, as if it had written it itself. */
function rowOf(observer: Cluster, version: number, counter: number, ...subjects: Cluster[]) {
  const record = { status: 'unreachable', version } as const
  const records = new Map(subjects.map(({ self }) => [self.key, record]))
  const row: GossipRow = {
    observer: observer.self,
    counter,
    row: { version, doubtful: false, records },
  }
  return row
}

describe('a member that speaks in the name of another', () => {
  test('as if it had made changes, is contradicted: what it does from then on is told to all', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d')
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((host) => world.cluster(host)) as Cluster[]
    if (!a || !b || !c || !d) throw new Error('four were started')
    const version = d.getState().version.merge(VectorClock.of([[a.self.key, 2 ** 40]]))
    for (const to of [b, c]) send(d, to, lieOf(d, { version }))
    await world.until(() => claimsTo(world, 'a').length > 0, 5_000)
    expect(claimsTo(world, 'a')[0]).toMatchObject({
      about: a.self.key,
      claim: 'own-count',
      answer: 'contradicted',
    })
    await world.until(() => world.agreed, 5_000)
    await world.start('e')
    await world.until(() => world.allUp(5) && world.agreed, 10_000)
    await world.kill('e')
    await world.until(() => world.view('b').includes('a✗e'), 10_000)
  })

  test('so that only a member whose clock is ahead believes it, holds decisions up until the others get there', async () => {
    await using world = new ClusterWorld()
    const aheadMs = 30_000
    for (const host of ['a', 'b', 'c', 'd']) {
      await world.start(host, { wallOffsetMs: host === 'b' ? aheadMs : 0 })
    }
    await world.until(() => world.allUp(4) && world.agreed, 10_000)
    const [b, c, d] = ['b', 'c', 'd'].map((host) => world.cluster(host))
    if (!b || !c || !d) throw new Error('they were started')
    const count = highestBelieved(world.clock.wallNow() + aheadMs)
    const version = d.getState().version.merge(VectorClock.of([[c.self.key, count]]))
    send(d, b, lieOf(d, { version }))
    // What the one that believed it tells is refused by the others, who name it, and who go on hearing of its life.
    await world.until(() => claimsTo(world, 'a').some(({ claim }) => claim === 'count'), 10_000)
    await world.start('e')
    await world.advance(10_000)
    expect(world.view('a')).not.toContain('e.up')
    expect(['a', 'c', 'd'].map((host) => world.unreachable(host))).toEqual(['', '', ''])
    const tookMs = await world.until(() => world.allUp(5) && world.agreed, 60_000)
    expect(10_000 + tookMs).toBeLessThan(aheadMs + 5_000)
    expect(claimsTo(world, 'c')).toContainEqual(expect.objectContaining({ claim: 'own-count' }))
  })

  test('as if it found others unreachable, is contradicted, and its own word stands again', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e f')
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((host) => world.cluster(host)) as Cluster[]
    if (!a || !b || !c || !d) throw new Error('six were started')
    const version = d.getState().version.merge(
      VectorClock.of([
        [a.self.key, 500],
        [b.self.key, 500],
        [d.self.key, 500],
      ]),
    )
    const rows = [a, b, d].map((observer) => rowOf(observer, 500, 500, c))
    send(d, world.cluster('e'), lieOf(d, { version, rows }))
    await world.until(() => world.unreachable('e') === 'c', 1_000)
    const lastedMs = await world.until(() => world.unreachable('e') === '', 5_000)
    expect(lastedMs).toBeLessThan(2_000)
    await world.until(
      () =>
        ['a', 'b'].every((host) => claimsTo(world, host).some(({ claim }) => claim === 'own-row')),
      5_000,
    )
    await world.until(
      () => ['b', 'c', 'e', 'f'].every((host) => !/[ab]✗/.test(world.view(host))),
      5_000,
    )
    // The liar's own word is its own.
    expect(world.unreachable('e')).toBe('')
  })

  test('as if it had left, is not taken in where it says who had it leave', async () => {
    await using world = new ClusterWorld()
    const { a, b, c } = await startThree(world)
    const dot = { node: c.self.key, counter: c.getState().version.versionOf(c.self.key) + 1 }
    for (const to of [a, b]) send(c, to, lieOfLeaving(c, a, dot))
    await world.advance(5_000)
    expect(world.everySees('a.up b.up c.up')).toBe(true)
    for (const host of ['a', 'b']) {
      expect(claimsTo(world, host)).toMatchObject([
        { from: c.self, about: a.self.key, claim: 'author', answer: 'refused' },
      ])
    }
    expect(a.metrics().dropped['false-claim']).toBe(1)
  })

  test('as if it had asked to leave, is told of, as that cannot be undone', async () => {
    await using world = new ClusterWorld()
    const { a, b, c } = await startThree(world)
    const dot = { node: a.self.key, counter: 500 }
    send(c, b, lieOfLeaving(c, a, dot))
    await world.until(() => claimsTo(world, 'a').length > 0, 5_000)
    const claims = claimsTo(world, 'a').map(({ claim, answer }) => `${claim} ${answer}`)
    expect(claims).toContain('own-record noted')
    expect(claims).toContain('own-count contradicted')
    await world.until(() => world.view('b') === 'b.up c.up', 20_000)
  })

  test('as if it offered other services, is contradicted', async () => {
    await using world = new ClusterWorld()
    const { a, b, c } = await startThree(world)
    a.registerService('carts', '/carts')
    await world.until(() => b.getState().services.length === 1, 5_000)
    const registry = [
      { node: a.self, version: 2 ** 40, services: [{ key: 'carts', path: '/evil' }] },
    ]
    const message: ClusterMessage = { type: 'sections', tables: [], registry, changes: [] }
    for (const to of [a, b]) send(c, to, message)
    const honest = (): boolean =>
      world.nodes.every(({ cluster }) => {
        const { services } = cluster.getState()
        return services.length === 1 && services[0]?.path === '/carts'
      })
    await world.until(honest, 5_000)
    expect(claimsTo(world, 'a')).toMatchObject([{ claim: 'own-services', answer: 'contradicted' }])
    a.registerService('orders', '/orders')
    await world.until(() => c.getState().services.length === 2, 5_000)
  })

  test('as if it had other roles, is told of', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const [a, c] = ['a', 'c'].map((host) => world.cluster(host)) as Cluster[]
    if (!a || !c) throw new Error('three were started')
    const dot = { node: c.self.key, counter: 500 }
    const member = Member.of({ node: a.self, status: 'up', upNumber: 1, roles: ['backend'] })
    const version = c.getState().version.merge(VectorClock.of([[dot.node, dot.counter]]))
    send(c, a, lieOf(c, { version, records: [{ member, dot }] }))
    await world.until(() => claimsTo(world, 'a').length > 0, 5_000)
    expect(claimsTo(world, 'a')[0]).toMatchObject({
      claim: 'own-record',
      answer: 'noted',
      from: c.self,
    })
  })
})

test('the log has a peer that lies once a minute, and how often it did meanwhile', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a b')
  const [a, b] = ['a', 'b'].map((host) => world.cluster(host)) as Cluster[]
  if (!a || !b) throw new Error('two were started')
  const stranger = NodeIdentity.of(NodeAddress.of('x', 1), Number.MAX_SAFE_INTEGER)
  const lie = lieOf(b, { version: VectorClock.of([[stranger.key, 1]]) })
  const told = (): readonly object[] =>
    world
      .node('a')
      .log.filter(({ message }) => message.includes('not true'))
      .map(({ details }) => details)
  for (let round = 0; round < 20; round++) send(b, a, lie)
  await world.advance(1_000)
  expect(told()).toMatchObject([{ from: b.self.key, claim: 'incarnation', untold: 0 }])
  await world.advance(60_000)
  send(b, a, lie)
  await world.advance(1_000)
  expect(told()).toMatchObject([{ untold: 0 }, { untold: 19 }])
  expect(claimsTo(world, 'a')).toHaveLength(21)
})
