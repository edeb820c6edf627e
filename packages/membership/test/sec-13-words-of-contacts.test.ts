// SEC-13: no contact decides alone over a node that is to join: it may be evicted itself, and stand in lists of seeds still.
import { describe, expect, test } from 'vitest'
import { VectorClock } from '@casty/clock'
import { Endpoint, NodeIdentity, type Admission, type PeerHello } from '@casty/transport'
import {
  clusterDefaults,
  gossipFor,
  initialState,
  Member,
  step,
  type MembershipInput,
  type MembershipState,
} from '@casty/membership'
import { highestBelieved } from '../src/plausibility.ts'
import { addressOf, ClusterWorld } from './cluster-world.ts'
import { testSettings } from './core-world.ts'

/** Somebody in the list of seeds who answers joiners as it likes. */
async function liarIn(
  world: ClusterWorld,
  lie: (hello: PeerHello) => Omit<Extract<Admission, { type: 'refused' }>, 'type' | 'detail'>,
): Promise<Endpoint> {
  return await Endpoint.start({
    transport: world.network.transport({ host: 'liar' }),
    address: addressOf('liar'),
    incarnation: 1,
    clusterName: clusterDefaults.name,
    clock: world.clock,
    admit: (hello) => ({ type: 'refused', detail: 'says the liar', ...lie(hello) }),
    insecure: true,
  })
}

const evicts = () => ({ reason: 'forbidden' }) as const
const outlives = ({ identity: { address, incarnation } }: PeerHello) =>
  ({
    reason: 'stale-incarnation',
    knownIncarnation: NodeIdentity.of(address, incarnation + 1).incarnation,
  }) as const

const seedNodes = ['liar:1', 'a:1', 'b:1']

describe('A contact that lies', () => {
  test.each([
    ['that the joiner is evicted', evicts],
    ['that it knows a later life of the joiner', outlives],
  ])('%s is one of several, who let it in', async (_, lie) => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    await using _liar = await liarIn(world, lie)
    const { cluster } = await world.start('c', { seedNodes })
    const waiting = cluster.waitFor(3)
    await world.until(() => world.allUp(3), 3_000)
    expect((await waiting).members).toHaveLength(3)
  })

  test('that the joiner is evicted does not end it while the others are started anew', async () => {
    await using world = new ClusterWorld()
    await using _liar = await liarIn(world, evicts)
    const { cluster } = await world.start('c', { seedNodes })
    await world.advance(3_000)
    expect(cluster.explain().phase).toBe('joining')
    expect(cluster.explain().summary).toContain('liar:1 (it refuses this node: forbidden')
    await world.startAll('a b', { seedNodes: ['a:1', 'b:1'] })
    await world.until(() => world.allUp(3), 5_000)
  })

  test('is not asked for ever, and does not have the first contact form a second cluster', async () => {
    await using world = new ClusterWorld()
    await using _liar = await liarIn(world, outlives)
    const { cluster } = await world.start('c', { seedNodes: ['liar:1'] })
    const { incarnation } = cluster.self
    await world.advance(10_000)
    // Once a round, of which there are few.
    expect(cluster.self.incarnation - incarnation).toBeLessThan(40)
    expect(cluster.explain().phase).toBe('joining')
  })
})

test('a joiner that is evicted stops where some of its contacts are gone', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a b')
  world.cluster('a').forbid({ address: addressOf('c') })
  await world.until(() => world.cluster('b').getState().evictions.size === 1, 5_000)
  const { cluster } = await world.start('c', { seedNodes: ['gone:1', 'a:1', 'b:1'] })
  const waiting = cluster.waitFor(3).catch((error: unknown) => error)
  const tookMs = await world.until(() => cluster.explain().phase === 'stopped', 20_000)
  expect(tookMs).toBeGreaterThanOrEqual(5_000)
  expect(await waiting).toMatchObject({ code: 'CASTY_MEMBERSHIP_FORBIDDEN' })
})

test('the first contact forms no second cluster where a member tells it what it cannot believe', () => {
  const self = NodeIdentity.of(addressOf('a'), 2)
  const member = NodeIdentity.of(addressOf('b'), 1)
  const moment = { wallNow: 0, draw: 0.5 }
  const contacts = [self.address, member.address]
  const fedBy = (state: MembershipState, now: number, input: MembershipInput): MembershipState =>
    step(state, { ...moment, now, ...input })[0]
  let state = fedBy(initialState(self, testSettings), 1, { type: 'started', bootstrap: false })
  const gossip = {
    ...gossipFor(state.cluster, VectorClock.empty),
    clusterId: member.key,
    records: [{ member: Member.of({ node: self }), dot: { node: member.key, counter: 1 } }],
    version: VectorClock.of([[member.key, highestBelieved(0) + 1]]),
  }
  const welcome = { type: 'welcome', gossip } as const
  for (let now = 1; now < 30_000; now += 3_000) {
    state = fedBy(state, now, { type: 'contacts-resolved', contacts })
    state = fedBy(state, now, { type: 'message-received', from: member, message: welcome })
    state = fedBy(state, now + 2_000, { type: 'deadline-reached' })
  }
  expect(state.phase.type).toBe('joining')
  expect(state.cluster.members).toEqual([])
})
