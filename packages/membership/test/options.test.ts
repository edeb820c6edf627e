import { describe, expect, test } from 'vitest'
import { ManualClock } from '@casty/clock'
import { createMemoryNetwork, NodeAddress } from '@casty/transport'
import { Cluster, clusterDefaults, type ClusterConfig } from '@casty/membership'

const clock = new ManualClock()

/** Starts a node as a caller without types might: with anything as an option. */
async function startWith(options: Readonly<Record<string, unknown>>): Promise<Cluster> {
  const transport = createMemoryNetwork({ clock }).transport()
  // Wrong values are what is tested.
  return await Cluster.start({ transport, clock, seedNodes: [], ...options } as ClusterConfig)
}

/** Option, a wrong value, and what the message must say beside the option's name. */
const wrong: readonly (readonly [option: string, value: unknown, said: RegExp])[] = [
  ...['', 'x'.repeat(101), 7, null, {}].map((value) => ['name', value, /1 to 100 bytes/] as const),
  ...['', 'no host', 'a b', 7, null].map((value) => ['host', value, /host name or IP/] as const),
  ...['', 'no host', 7].map((value) => ['bindHost', value, /host name or IP/] as const),
  ...[-1, 65_536, 1.5, Number.NaN, '80', null].map(
    (value) => ['port', value, /integer from 0 to 65535/] as const,
  ),
  ...['', 'x'.repeat(256), 7, null].map((value) => ['nodeId', value, /1 to 255 bytes/] as const),
  ...['nowhere', 'a:b', ':1', 'a:70000', '::1:2551'].map(
    (value) => ['seedNodes', [value], /host:port/] as const,
  ),
  ['seedNodes', [null], /host:port/],
  ['seedNodes', [42], /host:port/],
  ['seedNodes', 'a:1', /a list, or a function/],
  ['seedNodes', 42, /a list, or a function/],
  ['seedNodes', null, /a list, or a function/],
  ['downing', { agreement: '', decide: () => ({ down: [] }) }, /1 to 80 bytes/],
  ['downing', { agreement: 'x'.repeat(81), decide: () => ({ down: [] }) }, /1 to 80 bytes/],
  ['bootstrap', 'yes', /true or false/],
  ['insecure', 1, /true or false/],
  ['roles', ['ok', ''], /1 to 100 bytes/],
  ['roles', ['x'.repeat(101)], /1 to 100 bytes/],
  ['roles', [7], /1 to 100 bytes/],
  ['roles', 7, /a list of texts/],
  ['roles', 'store', /a list of texts/],
  ['roles', Array.from({ length: 65 }, (_, index) => `role${index}`), /at most 64/],
  ['roles', ['dc-east', 'dc-west'], /at most one role that starts with dc-/],
  ...[
    'gossipIntervalMs',
    'weaklyUpAfterMs',
    'joinTimeoutMs',
    'joinRetryMs',
    'seedTimeoutMs',
    'leaveTimeoutMs',
    'exitTimeoutMs',
    'tombstoneTtlMs',
  ].flatMap((option) =>
    [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1s', null].map(
      (value) => [option, value, /milliseconds above 0/] as const,
    ),
  ),
  ...[0, -1, 101, 1.5, Number.NaN, '3'].map(
    (value) => ['gossipFanout', value, /integer from 1 to 100/] as const,
  ),
  ...[0, 1_001, 2.5, '5'].map((value) => ['monitoredBy', value, /integer from 1 to 1000/] as const),
  ...['oldest', '', 7, null].map((value) => ['leaderOrder', value, /one of age, address/] as const),
  ...[0, -1, 1.5, 100_001, '3'].map(
    (value) => ['minMembers', value, /integer from 1 to 100000/] as const,
  ),
]

describe('Options', () => {
  test.each(wrong)('%s refuses %j, saying what is allowed', async (option, value, said) => {
    const starting = startWith({ [option]: value })
    await expect(starting).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
      message: expect.stringMatching(said),
    })
    await expect(starting).rejects.toThrow(new RegExp(`^Option ${option}[. ]`))
  })

  test('that are wrong are shown as they were given', async () => {
    await expect(startWith({ gossipFanout: 0 })).rejects.toThrow('gossipFanout is 0;')
    await expect(startWith({ name: '' })).rejects.toThrow('name is "";')
    await expect(startWith({ seedNodes: ['nowhere'] })).rejects.toThrow('seedNodes is "nowhere";')
  })

  test('that were left undefined take their defaults', async () => {
    const names = Object.keys(clusterDefaults)
    await using cluster = await startWith(
      Object.fromEntries(names.map((name) => [name, undefined])),
    )
    expect(cluster.self.address.host).toBe(clusterDefaults.host)
  })

  test('of the failure detector are checked at the door, by name', async () => {
    await expect(startWith({ failureDetector: { threshold: 0 } })).rejects.toThrow(/threshold/)
    await expect(startWith({ failureDetector: { heartbeatIntervalMs: -1 } })).rejects.toThrow(
      /heartbeatIntervalMs/,
    )
  })

  test('of connections are checked at the door, by name', async () => {
    await expect(startWith({ limits: { maxControlFrameBytes: 3 } })).rejects.toThrow(
      /limits\.maxControlFrameBytes/,
    )
  })

  test('that are refused leave neither a timer nor an address behind', async () => {
    const network = createMemoryNetwork({ clock })
    const port = 7_000
    for (const failureDetector of [{ threshold: 0 }, {}]) {
      const transport = network.transport()
      const starting = Cluster.start({ transport, clock, port, failureDetector })
      await starting.then(
        (cluster) => cluster.shutdown(),
        () => undefined,
      )
    }
    await clock.advanceAsync(10)
    expect(clock.pendingTimers).toBe(0)
  })

  test('take addresses as text, as objects, and IPv6 hosts in brackets', async () => {
    await using cluster = await startWith({
      seedNodes: ['127.0.0.1:2551', '[::1]:2551', NodeAddress.of('example.org', 1)],
    })
    expect(cluster.explain().phase).toBe('joining')
  })

  test('may be read from a frozen object, and change nothing later', async () => {
    const roles = ['store']
    await using cluster = await startWith(Object.freeze({ roles, nodeId: 'alpha' }))
    roles.push('late')
    expect(cluster.selfMember?.roles).toEqual(['store'])
  })
})

describe('What a node publishes', () => {
  const tooLong = 'x'.repeat(1_025)

  test.each([
    ['key', '', '/p'],
    ['key', tooLong, '/p'],
    ['path', 'k', ''],
    ['path', 'k', tooLong],
  ])('is refused where the %s of a service is no name', async (option, key, path) => {
    await using cluster = await startWith({})
    expect(() => cluster.registerService(key, path)).toThrow(
      expect.objectContaining({
        code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
        message: expect.stringContaining(`Option ${option} is `),
      }),
    )
    expect(cluster.getState().services).toEqual([])
  })

  test.each<readonly [string, string, unknown, unknown]>([
    ['type', '', 1, 0],
    ['type', tooLong, 1, 0],
    ['epoch', 't', -1, 0],
    ['epoch', 't', 1.5, 0],
    ['epoch', 't', Number.NaN, 0],
    ['shards', 't', 1, -1],
    ['shards', 't', 1, 0.5],
  ])('is refused where the %s of a shard table cannot be', async (option, type, epoch, shard) => {
    await using cluster = await startWith({})
    const allocation = { primary: cluster.self, replicas: [] }
    expect(() =>
      // Wrong values are what is tested.
      cluster.publishAllocations(type, new Map([[shard as number, allocation]]), epoch as number),
    ).toThrow(
      expect.objectContaining({
        code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
        message: expect.stringContaining(`Option ${option} is `),
      }),
    )
    expect(cluster.getState().allocationEpoch).toBe(0)
  })

  test('is refused where it would not fit a frame', async () => {
    await using cluster = await startWith({})
    const allocation = { primary: cluster.self, replicas: [] }
    const shards = new Map(Array.from({ length: 500_000 }, (_, shard) => [shard, allocation]))
    expect(() => cluster.publishAllocations('t', shards, 1)).toThrow(
      expect.objectContaining({ code: 'CASTY_MEMBERSHIP_INVALID_OPTION' }),
    )
    const register = (): void => {
      for (let index = 0; index < 2_000; index++) {
        cluster.registerService('k', `${index}${'x'.repeat(1_000)}`)
      }
    }
    expect(register).toThrow(expect.objectContaining({ code: 'CASTY_MEMBERSHIP_INVALID_OPTION' }))
  })
})
