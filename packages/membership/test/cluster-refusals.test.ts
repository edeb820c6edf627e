import { describe, expect, test } from 'vitest'
import { VectorClock } from '@casty/clock'
import { Endpoint } from '@casty/transport'
import {
  Cluster,
  clusterDefaults,
  encodeMessage,
  gossipFor,
  membershipFrameType,
  type DowningProvider,
  type JoinRefusalReason,
} from '@casty/membership'
import { addressOf, ClusterWorld, type WorldOptions } from './cluster-world.ts'
import { rawEndpoint } from './raw-endpoint.ts'
import { eventsOf } from './world-events.ts'

const nobody: DowningProvider = {
  agreement: 'keep-nobody',
  start: () => ({ decide: () => ({ down: [] }) }),
}

describe('A contact refuses a node', () => {
  test.each<readonly [string, string, WorldOptions]>([
    ['of another cluster name', 'cluster-name', { name: 'other' }],
    ['with another leader order', 'config', { leaderOrder: 'address' }],
    ['with another least number of members', 'config', { minMembers: 2 }],
    ['with another downing strategy', 'config', { downing: nobody }],
  ])('%s, and all that can be asked says so', async (_, reason, options) => {
    await using world = new ClusterWorld()
    await world.startAll('a')
    const { cluster, events, log } = await world.start('b', options)
    const waiting = expect(cluster.waitFor(2)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_JOIN_REFUSED',
      message: expect.stringMatching(
        new RegExp(`\\(${reason}\\): .*Mend the configuration .* and start that anew\\.$`),
      ),
    })
    await world.advance(2_000)
    await waiting
    expect(cluster.explain().lastRefusal).toContain(`a:1: ${reason}`)
    expect(cluster.explain().summary).toContain(reason)
    expect(eventsOf({ events }, 'join-refused')[0]).toMatchObject({ contact: 'a:1', reason })
    expect(log.some(({ level }) => level === 'error')).toBe(true)
    expect(world.view('a')).toBe('a.up')
  })

  test('and that is logged once for each contact, while the node goes on asking', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const seedNodes = [addressOf('a'), addressOf('b')]
    const { events, log } = await world.start('c', { name: 'other', seedNodes })
    await world.advance(9_000)
    expect(eventsOf({ events }, 'join-refused').length).toBeGreaterThan(4)
    const errors = log.filter(({ level }) => level === 'error')
    expect(errors.map(({ details }) => details)).toEqual([
      expect.objectContaining({ contact: 'a:1', reason: 'cluster-name' }),
      expect.objectContaining({ contact: 'b:1', reason: 'cluster-name' }),
    ])
  })

  test('that is refused names both sides of what differs', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a', { minMembers: 1 })
    const { cluster } = await world.start('b', { minMembers: 2 })
    await world.advance(1_000)
    expect(cluster.explain().lastRefusal).toContain('minMembers=1')
    expect(cluster.explain().lastRefusal).toContain('minMembers=2')
    expect(cluster.explain().lastRefusal).toMatch(
      /b:1 has "[^"]*minMembers=2.*a:1 "[^"]*minMembers=1/,
    )
  })

  test('that speaks another wire version, and says so', async () => {
    await using world = new ClusterWorld()
    const foreign = world.network.transport({ host: 'z' })
    await foreign.listen(addressOf('z'), (channel) => {
      channel.open({ received() {}, drained() {}, closed() {} })
      channel.write(preludeOf(7, 9))
    })
    const { cluster } = await world.start('b', { seedNodes: ['z:1'] })
    const waiting = expect(cluster.waitFor(2)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_JOIN_REFUSED',
      message: expect.stringContaining('wire-version'),
    })
    await world.advance(1_000)
    await waiting
    expect(cluster.explain().lastRefusal).toMatch(/7 to 9/)
  })

  test('because of its roles, and all that can be asked says so', async () => {
    await using world = new ClusterWorld()
    await using contact = await refusingWith(world, 'z', 'roles-too-large')
    const { cluster, events, log } = await world.start('b', { seedNodes: [contact.self.address] })
    const waiting = expect(cluster.waitFor(1)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_JOIN_REFUSED',
      message: expect.stringMatching(/^z:1 refused this node \(roles-too-large\): .*2048 bytes/),
    })
    await world.advance(1_000)
    await waiting
    expect(cluster.explain().lastRefusal).toContain('z:1: roles-too-large')
    expect(eventsOf({ events }, 'join-refused')[0]).toMatchObject({
      contact: 'z:1',
      reason: 'roles-too-large',
    })
    expect(log.some(({ level }) => level === 'error')).toBe(true)
  })

  test('for want of room, and the node waits until there is some', async () => {
    await using world = new ClusterWorld()
    await using contact = await refusingWith(world, 'z', 'cluster-full')
    const { cluster, events } = await world.start('b', { seedNodes: [contact.self.address, 'a:1'] })
    const waiting = cluster.waitFor(2)
    await world.advance(1_000)
    expect(eventsOf({ events }, 'join-refused')[0]).toMatchObject({ reason: 'cluster-full' })
    expect(cluster.explain().lastRefusal).toBeUndefined()
    expect(cluster.explain().summary).toContain('z:1 (it refuses this node: the cluster holds')
    await world.start('a')
    expect((await world.settled(waiting)).members).toHaveLength(2)
  })

  test('and takes it once the configuration there was mended', async () => {
    await using world = new ClusterWorld()
    await world.start('a', { name: 'old' })
    await world.start('b', { name: 'new' })
    await world.advance(2_000)
    await world.kill('a')
    await world.start('a', { name: 'new' })
    await world.until(() => world.allUp(2), 5_000)
    expect(world.cluster('b').explain().lastRefusal).toBeUndefined()
  })
})

describe('Two clusters of one name', () => {
  /** Members a, b of one cluster, x, y of another. */
  async function twoClusters(): Promise<ClusterWorld> {
    const world = new ClusterWorld()
    await world.startAll('a b')
    await world.start('x', { bootstrap: true })
    await world.start('y', { seedNodes: ['x:1'] })
    await world.until(() => world.view('x') === 'x.up y.up', 5_000)
    return world
  }

  test('stay apart where a node has seeds in both', async () => {
    await using world = await twoClusters()
    await world.start('c', { seedNodes: ['a:1', 'x:1'] })
    await world.until(() => world.view('c') === 'a.up b.up c.up', 5_000)
    await world.advance(60_000)
    expect(world.view('a')).toBe('a.up b.up c.up')
    expect(world.view('x')).toBe('x.up y.up')
  })

  test('stay apart where one tells the other of itself', async () => {
    await using world = await twoClusters()
    const [here, there] = [world.cluster('a'), world.cluster('x')]
    const state = there.getState()
    const gossip = gossipFor(state, VectorClock.empty)
    for (const type of ['gossip', 'welcome'] as const) {
      rawEndpoint(there).send(
        here.self,
        'control',
        membershipFrameType,
        encodeMessage({ type, gossip }),
      )
    }
    await world.advance(10_000)
    expect(world.view('a')).toBe('a.up b.up')
    expect(world.view('x')).toBe('x.up y.up')
    expect(here.metrics().dropped['foreign-cluster']).toBeGreaterThanOrEqual(1)
  })

  test('stay apart where a member of the one is restarted into the other', async () => {
    await using world = await twoClusters()
    await world.kill('b')
    await world.start('b', { seedNodes: ['x:1'] })
    await world.until(() => world.view('b') === 'b.up x.up y.up', 5_000)
    await world.advance(60_000)
    expect(
      world
        .cluster('a')
        .getState()
        .members.map((member) => member.address.host),
    ).toEqual(['a', 'b'])
    expect(world.view('x')).toBe('b.up x.up y.up')
    expect(world.unreachable('a')).toBe('b')
  })
})

describe('A node that cannot start', () => {
  test('says which option is wrong, and leaves nothing behind', async () => {
    await using world = new ClusterWorld()
    await expect(world.start('a', { gossipFanout: 0 })).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
    })
    expect(world.clock.pendingTimers).toBe(0)
    await world.start('a')
    expect(world.view('a')).toBe('a.up')
  })

  test('beyond loopback without protection is refused unless it says insecure', async () => {
    await using world = new ClusterWorld()
    const transport = world.network.transport({ host: '10.0.0.1' })
    await expect(
      Cluster.start({ transport, host: '10.0.0.1', clock: world.clock }),
    ).rejects.toMatchObject({ code: 'CASTY_TRANSPORT_INSECURE_BIND' })
  })
})

/** A member elsewhere that lets nobody in. */
async function refusingWith(
  world: ClusterWorld,
  host: string,
  reason: JoinRefusalReason,
): Promise<Endpoint> {
  const endpoint = await Endpoint.start({
    transport: world.network.transport({ host }),
    clock: world.clock,
    address: addressOf(host),
    incarnation: 1,
    clusterName: clusterDefaults.name,
    insecure: true,
  })
  const refusal = encodeMessage({ type: 'join-refused', reason, knownIncarnation: undefined })
  endpoint.handle(membershipFrameType, (from) => {
    endpoint.send(from, 'control', membershipFrameType, refusal)
  })
  return endpoint
}

/** What a node of other wire versions says first. */
function preludeOf(min: number, max: number): Uint8Array {
  return Uint8Array.of(0x89, 0x43, 0x41, 0x53, 0x54, 0x59, 0x0d, 0x0a, 0, min, 0, max)
}
