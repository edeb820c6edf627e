// SEC-15: whoever is forbidden by one member is cut off by all, and stays so.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  NodeAddress,
  NodeIdentity,
  type ChannelProof,
  type Forbidden,
  type Transport,
} from '@casty/transport'
import {
  ClusterSupervisor,
  Evictions,
  initialState,
  Member,
  step,
  type MembershipEffect,
  type MembershipState,
} from '@casty/membership'
import { forbidden } from './codec-messages.ts'
import { testSettings } from './core-world.ts'
import { addressOf, ClusterWorld } from './cluster-world.ts'

/** The same transport, whose channels show a certificate of the host at the other end, which may change. */
function showing(
  inner: Transport,
  certificateOf: (host: string) => string = fingerprintOf,
): Transport {
  const proof = (host: string): ChannelProof => ({
    names: [`DNS:${host}`],
    fingerprint: certificateOf(host),
    expiresAt: 0,
    binding: new Uint8Array(32),
  })
  return {
    name: inner.name,
    listen: (address, accept) =>
      inner.listen(address, (channel) =>
        accept(Object.assign(channel, { proof: proof(channel.source) })),
      ),
    dial: async (address, options) =>
      Object.assign(await inner.dial(address, options), { proof: proof(address.host) }),
  }
}

function fingerprintOf(host: string): string {
  return createHash('sha256').update(host).digest('hex')
}

/** As `openssl` shows it, and `X509Certificate`. */
const shown = (fingerprint: string): string =>
  (fingerprint.toUpperCase().match(/../g) ?? []).join(':')

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
      code: 'CASTY_MEMBERSHIP_FORBIDDEN',
    })
    const { refusedByUs } = world.cluster('a').metrics().endpoint
    await world.advance(10_000)
    // It has stopped, and asks no more.
    expect(world.cluster('a').metrics().endpoint.refusedByUs).toEqual(refusedByUs)
    expect(cluster.explain().phase).toBe('stopped')
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

describe('A member whose certificate is forbidden', () => {
  test('is downed by those who are connected with it, and stops itself with the reason', async () => {
    await using world = new ClusterWorld()
    for (const host of ['a', 'b', 'c', 'd', 'e']) {
      await world.start(host, { transport: showing(world.network.transport({ host })) })
    }
    await world.until(() => world.allUp(5), 10_000)
    const { cluster, events } = world.node('e')
    world.cluster('b').forbid({ fingerprint: fingerprintOf('e') })
    const waiting = cluster.waitFor(6).catch((error: unknown) => error)
    const tookMs = await world.until(() => cluster.explain().phase === 'stopped', 5_000)
    expect(tookMs).toBeLessThanOrEqual(2_000)
    expect(await waiting).toMatchObject({ code: 'CASTY_MEMBERSHIP_FORBIDDEN' })
    expect(() => cluster.down(addressOf('a'))).toThrow(
      expect.objectContaining({ code: 'CASTY_MEMBERSHIP_FORBIDDEN' }),
    )
    expect(events.slice(-2)).toEqual([
      { type: 'self-downed', self: cluster.self.key, reason: 'forbidden' },
      { type: 'cluster-shutting-down', reason: 'forbidden' },
    ])
    const isDowned = (host: string): boolean =>
      world
        .node(host)
        .events.some(
          (event) => event.type === 'member-downed' && event.member.key === cluster.self.key,
        )
    await world.until(() => others.every(isDowned) && !hasMember(world, 'e'), 20_000)
    expect(world.everySees('a.up b.up c.up d.up')).toBe(true)
  })

  test.each([5, 9])(
    'but that was given another one before goes on, in a cluster of %i',
    async (size) => {
      await using world = new ClusterWorld()
      const hosts = 'abcdefghi'.split('').slice(0, size)
      let issue = 'first'
      const certificateOf = (host: string): string => fingerprintOf(`${issue} ${host}`)
      for (const host of hosts) {
        const transport = showing(world.network.transport({ host }), certificateOf)
        await world.start(host, { transport })
      }
      await world.until(() => world.allUp(size), 10_000)
      issue = 'second'
      world.cluster('b').forbid({ fingerprint: fingerprintOf('first e') })
      await world.advance(20_000)
      expect(world.cluster('e').explain().phase).toBe('member')
      expect(world.everySees(hosts.map((host) => `${host}.up`).join(' '))).toBe(true)
    },
  )

  test('is not started anew by its supervisor', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b')
    const log: string[] = []
    const note = (_: object, message: string): void => void log.push(message)
    await using supervisor = await ClusterSupervisor.start({
      transport: world.network.transport({ host: 'e' }),
      host: 'e',
      port: 1,
      insecure: true,
      seedNodes: ['a:1'],
      clock: world.clock,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: note },
    })
    await world.settled(supervisor.current.waitFor(3), 20_000)
    world.cluster('a').forbid({ address: addressOf('e') })
    await world.until(() => supervisor.current.explain().phase === 'stopped', 5_000)
    await world.advance(60_000)
    expect(supervisor.restarts).toBe(0)
    expect(log).toContain('The node was evicted; it is not started anew')
    await expect(supervisor.leave()).rejects.toMatchObject({ code: 'CASTY_MEMBERSHIP_FORBIDDEN' })
  })

  test('is not believed to be it by the word of somebody who is no member', async () => {
    const stranger = NodeIdentity.of(addressOf('x'), 1)
    const self = NodeIdentity.of(addressOf('a'), 1)
    const moment = { now: 1, wallNow: 1, draw: 0.5 }
    const [member] = step(initialState(self, testSettings), {
      ...moment,
      type: 'started',
      bootstrap: true,
    })
    expect(step(member, { ...moment, type: 'forbidden-by', node: stranger })[0]).toBe(member)
  })
})

describe('A member that makes evictions up', () => {
  const entriesOf = (teller: string, count: number): Forbidden[] =>
    Array.from({ length: count }, (_, index) => ({
      address: NodeAddress.of(`0.${teller}`, index + 1),
    }))
  const nodeOf = (host: string): NodeIdentity => NodeIdentity.of(addressOf(host), 1)
  const start = initialState(nodeOf('a'), testSettings)
  const members = ['a', 'b', 'c'].map((host) => Member.of({ node: nodeOf(host), status: 'up' }))
  const member: MembershipState = {
    ...start,
    phase: { type: 'member' },
    cluster: start.cluster.mergeMembers(members, nodeOf('a')),
  }

  /** How many more are kept behind it, and what is done besides. */
  function told(
    state: MembershipState,
    from: string,
    count: number,
    now: number,
  ): readonly [state: MembershipState, taken: number, effects: readonly MembershipEffect[]] {
    const message = { type: 'evictions', entries: entriesOf(from, count) } as const
    const [next, effects] = step(state, {
      now,
      wallNow: now,
      draw: 0.5,
      type: 'message-received',
      from: nodeOf(from),
      message,
    })
    return [next, next.cluster.evictions.size - state.cluster.evictions.size, effects]
  }

  test('is believed so many at once, and then one a minute; others are heard all the same', () => {
    const [first, atOnce] = told(member, 'b', 2_000, 1)
    expect(atOnce).toBe(1_024 + 64)
    const [second, again] = told(first, 'b', 2_000, 2)
    expect(again).toBe(0)
    const [third, others] = told(second, 'c', 64, 3)
    expect(others).toBe(64)
    const [, later] = told(third, 'b', 2_000, 10 * 60_000 + 1)
    expect(later).toBe(10)
  })

  test('is accused of nothing: an honest one that was here longer has as many to tell', () => {
    const [, , effects] = told(member, 'b', 2_000, 1)
    expect(effects).toEqual([{ type: 'drop', reason: 'too-many-evictions' }])
    expect(told(member, 'b', 1_024, 1)[2]).toEqual([])
  })

  test('leaves room for what others forbid', async () => {
    await using world = new ClusterWorld()
    await world.startAll('a b c d e')
    for (const entry of entriesOf('e', 1_024)) world.cluster('e').forbid(entry)
    await world.until(() => world.cluster('b').getState().evictions.size >= 1_024, 20_000)
    world.cluster('b').forbid({ address: addressOf('e') })
    await world.until(() => others.every((host) => forbidders(world, 'e').includes(host)), 5_000)
    await world.until(() => !hasMember(world, 'e'), 20_000)
    expect(world.everySees('a.up b.up c.up d.up')).toBe(true)
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
  expect(() => a.forbid({ fingerprint: fingerprintOf('one more') })).toThrow(
    expect.objectContaining({ code: 'CASTY_MEMBERSHIP_TOO_MANY_FORBIDDEN' }),
  )
})

test('a certificate is forbidden by its fingerprint however that is written', async () => {
  await using world = new ClusterWorld()
  await world.startAll('a')
  const a = world.cluster('a')
  a.forbid({ fingerprint: shown(fingerprintOf('e')) })
  expect(a.getState().evictions.entries).toEqual([{ fingerprint: fingerprintOf('e') }])
})

test.each([
  ['a fingerprint by SHA-1', { fingerprint: 'ab'.repeat(20) }],
  ['a fingerprint that is no text', { fingerprint: 1 }],
  ['an address as text', { address: 'e:1' }],
  ['a text', 'e:1'],
])('%s forbids nobody, and is refused', async (_, whom) => {
  await using world = new ClusterWorld()
  await world.startAll('a')
  // Something else than its type says, of a user who has none.
  expect(() => world.cluster('a').forbid(whom as unknown as Forbidden)).toThrow(
    expect.objectContaining({ code: 'CASTY_MEMBERSHIP_INVALID_OPTION' }),
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
