import { describe, expect, test } from 'vitest'
import { seededRandom, VectorClock } from '@casty/clock'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import {
  encodeMessage,
  gossipFor,
  Member,
  membershipFrameType,
  type Cluster,
  type ClusterMessage,
  type Gossip,
} from '@casty/membership'
import { ClusterWorld, seeds } from './cluster-world.ts'
import { rawEndpoint } from './raw-endpoint.ts'

/** Sends raw bytes as a membership frame, as a member that has gone wrong would. */
function sendBytes(from: Cluster, to: Cluster, bytes: Uint8Array): void {
  rawEndpoint(from).send(to.self, 'control', membershipFrameType, bytes)
}

function send(from: Cluster, to: Cluster, message: ClusterMessage): void {
  sendBytes(from, to, encodeMessage(message))
}

/** The gossip that a member would tell somebody who knows nothing, with lies put in. */
function lieOf(cluster: Cluster, lies: Partial<Gossip>): ClusterMessage {
  return {
    type: 'gossip',
    gossip: { ...gossipFor(cluster.getState(), VectorClock.empty), ...lies },
  }
}

const stranger = NodeIdentity.of(NodeAddress.of('stranger', 9), 5)

describe('Membership frames that are no messages', () => {
  test.each(seeds(3))('are counted as malformed, and change nothing (seed %i)', async (seed) => {
    await using world = new ClusterWorld(seed)
    await world.startAll('a b c')
    const [a, b] = [world.cluster('a'), world.cluster('b')]
    const random = seededRandom(seed)
    for (let round = 0; round < 500; round++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256)
      bytes[0] = 255 // No message has this tag.
      sendBytes(b, a, bytes)
    }
    await world.advance(5_000)
    expect(a.metrics().endpoint.dropped.malformed).toBeGreaterThanOrEqual(500)
    expect(world.everySees('a.up b.up c.up')).toBe(true)
    expect(JSON.stringify(a.explain().transport)).toContain('"malformed":')
  })

  test('of the largest size are decoded or refused without harm', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const [a, b] = [world.cluster('a'), world.cluster('b')]
    for (let tag = 0; tag < 32; tag++) {
      for (const fill of [0, 1, 0x7f, 0xff]) {
        const bytes = new Uint8Array(60_000).fill(fill)
        bytes[0] = tag
        sendBytes(b, a, bytes)
      }
      await world.advance(50)
    }
    await world.advance(5_000)
    expect(world.everySees('a.up b.up c.up')).toBe(true)
  })
})

describe('A member that lies', () => {
  test.each([2 ** 52 + 1, Number.MAX_SAFE_INTEGER])(
    'that somebody has counted to %i is not believed',
    async (counter) => {
      await using world = new ClusterWorld()
      await world.startAll('a b c')
      const [a, b] = [world.cluster('a'), world.cluster('b')]
      send(b, a, lieOf(b, { version: VectorClock.of([[a.self.key, counter]]) }))
      await world.advance(5_000)
      expect(a.metrics().endpoint.dropped.malformed).toBe(1)
      await world.start('d')
      await world.until(() => world.allUp(4) && world.agreed, 5_000)
    },
  )

  test('with counters as high as travel leaves nodes that still count on, and are heard', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const [a, b] = [world.cluster('a'), world.cluster('b')]
    send(b, a, lieOf(b, { version: VectorClock.of([[a.self.key, 2 ** 52]]) }))
    await world.advance(5_000)
    expect(a.metrics().dropped['false-claim']).toBe(1)
    await world.kill('c')
    await world.advance(5_000)
    expect(world.view('a')).toContain('a✗c')
    expect(world.view('b')).toContain('a✗c')
    expect(a.metrics().endpoint.dropped.malformed).toBe(0)
  })

  test('about a member that does not exist has it found unreachable, to be downed', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const [a, b, c] = [world.cluster('a'), world.cluster('b'), world.cluster('c')]
    const dot = { node: stranger.key, counter: 7 }
    const member = Member.of({ node: stranger, status: 'up', upNumber: 2 ** 40 })
    const version = b.getState().version.merge(VectorClock.of([[dot.node, dot.counter]]))
    for (const to of [a, c]) send(b, to, lieOf(b, { version, records: [{ member, dot }] }))
    await world.until(() => world.unreachable('a') === 'stranger', 10_000)
    a.down(stranger)
    await world.until(() => world.everySees('a.up b.up c.up'), 10_000)
    await world.start('d')
    await world.until(() => world.allUp(4), 10_000)
    expect(new Set(a.getState().members.map(({ upNumber }) => upNumber)).size).toBe(4)
  })

  test('of probes for strangers and endless sequences is answered in kind', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const [a, b] = [world.cluster('a'), world.cluster('b')]
    for (let sequence = 0; sequence < 2_000; sequence++) {
      send(b, a, {
        type: 'probe',
        subject: sequence % 2 === 0 ? stranger : world.cluster('c').self,
        sequence,
      })
      send(b, a, { type: 'heartbeat-answer', sequence, paddingBytes: 0 })
      send(b, a, { type: 'probe-answer', subject: stranger, sequence, reached: true })
      if (sequence % 100 === 0) await world.advance(10)
    }
    await world.advance(10_000)
    expect(world.everySees('a.up b.up c.up')).toBe(true)
  })

  test('that somebody exits who does not, removes nobody', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c')
    const [a, b, c] = [world.cluster('a'), world.cluster('b'), world.cluster('c')]
    send(b, a, { type: 'exiting-confirmed', node: c.self })
    send(b, a, { type: 'exiting-confirmed', node: stranger })
    await world.advance(10_000)
    expect(world.everySees('a.up b.up c.up')).toBe(true)
  })

  test('to a joiner cannot make it a member where it is not listed', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const { cluster } = await world.start('z', { seedNodes: ['nobody:1'] })
    await world.settled(world.cluster('b').endpoint.connect(cluster.self.address))
    const gossip = gossipFor(world.cluster('b').getState(), VectorClock.empty)
    send(world.cluster('b'), cluster, { type: 'welcome', gossip })
    send(world.cluster('b'), cluster, { type: 'gossip', gossip })
    await world.advance(2_000)
    expect(cluster.explain().phase).toBe('joining')
    expect(cluster.metrics().dropped['still-joining']).toBeGreaterThanOrEqual(1)
  })
})

test('A removed node that goes on talking is not heard', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a b c')
  world.partition('c', 'a b')
  await world.until(() => world.unreachable('a') === 'c', 10_000)
  world.cluster('a').down(world.cluster('c').self)
  await world.until(() => world.view('a') === 'a.up b.up', 5_000)
  await world.advance(2_000)
  world.heal()
  const c = world.node('c')
  await world.until(() => c.cluster.explain().phase === 'stopped', 10_000)
  expect([world.view('a'), world.view('b')]).toEqual(['a.up b.up', 'a.up b.up'])
})
