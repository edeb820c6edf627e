import { describe, expect, test } from 'vitest'
import { ManualClock } from '@casty/clock'
import { createMemoryNetwork, NodeAddress, NodeIdentity } from '@casty/transport'
import {
  Cluster,
  clusterDefaults,
  crossDcDefaults,
  initialState,
  membershipDefaults,
  type ClusterConfig,
  type DowningProvider,
} from '@casty/membership'

const clock = new ManualClock()

/** Starts a node as a caller without types might: with anything as an option. */
async function startWith(options: Readonly<Record<string, unknown>>): Promise<Cluster> {
  const transport = createMemoryNetwork({ clock }).transport()
  // Wrong values are what is tested.
  return await Cluster.start({ transport, clock, seedNodes: [], ...options } as ClusterConfig)
}

/** Different roles of at most 100 bytes each, so many bytes together. */
function rolesOf(bytes: number): readonly string[] {
  return Array.from({ length: Math.ceil(bytes / 100) }, (_, index) =>
    `${index}`.padEnd(Math.min(100, bytes - index * 100), 'x'),
  )
}

const noDowning: DowningProvider['start'] = () => ({ decide: () => ({ down: [] }) })

/** Option, a wrong value, and what the message must say beside the option's name. */
const wrong: readonly (readonly [option: string, value: unknown, said: RegExp])[] = [
  ...['', 'x'.repeat(101), 7, null, {}].map((value) => ['name', value, /1 to 100 bytes/] as const),
  ...['', 'no host', 'a b', 7, null].map((value) => ['host', value, /host name or IP/] as const),
  ...['0.0.0.0', '::', '[::]', '0:0:0:0:0:0:0:0'].map(
    (value) => ['host', value, /a host that others can dial.*set bindHost/] as const,
  ),
  ...[undefined, null, 'tcp', {}, () => {}].map(
    (value) => ['transport', value, /a Transport, such as tcpTransport\(\)/] as const,
  ),
  ...[null, 7, {}, { now: () => 0 }].map((value) => ['clock', value, /a Clock with now/] as const),
  ...[null, 7, {}].map((value) => ['random', value, /a function/] as const),
  ...[null, 'pino', { info() {} }].map((value) => ['logger', value, /debug, info, warn/] as const),
  ...[null, true, {}].map(
    (value) => ['eventLoopDelay', value, /monitorEventLoopDelay\(\).*percentile/] as const,
  ),
  ...['keep-majority', null, {}].map(
    (value) =>
      [
        'downing',
        value,
        /a DowningProvider, such as splitBrainResolver\(\{ strategy \}\) of @casty\/sbr, with start/,
      ] as const,
  ),
  ['downing', { start: noDowning }, /downing\.agreement is missing/],
  ...['phi', 8, []].map((value) => ['failureDetector', value, /object of options/] as const),
  ...['big', 8, []].map((value) => ['limits', value, /object of options/] as const),
  ...['', 'no host', 7].map((value) => ['bindHost', value, /host name or IP/] as const),
  ...[-1, 65_536, 1.5, Number.NaN, '80', null].map(
    (value) => ['port', value, /integer from 0 to 65535/] as const,
  ),
  ...['', 'x'.repeat(256), 7, null].map((value) => ['nodeId', value, /1 to 255 bytes/] as const),
  ...['nowhere', 'a:b', ':1', 'a:70000', '::1:2551'].map(
    (value) => ['seedNodes', [value], /host:port/] as const,
  ),
  // A node would ask there for ever.
  ['seedNodes', ['a:0'], /seedNodes is "a:0"; allowed is host:port.*a port that can be dialled/],
  ['seedNodes', [null], /host:port/],
  ['seedNodes', [42], /host:port/],
  ['seedNodes', 'a:1', /a list, or a function/],
  ['seedNodes', 42, /a list, or a function/],
  ['seedNodes', null, /a list, or a function/],
  ['downing', { agreement: '', start: noDowning }, /1 to 80 bytes/],
  ['downing', { agreement: 'x'.repeat(81), start: noDowning }, /1 to 80 bytes/],
  ['bootstrap', 'yes', /true or false/],
  ['insecure', 1, /true or false/],
  ['roles', ['ok', ''], /1 to 100 bytes/],
  ['roles', ['x'.repeat(101)], /1 to 100 bytes/],
  ['roles', [7], /1 to 100 bytes/],
  ['roles', 7, /a list of texts/],
  ['roles', 'store', /a list of texts/],
  ['roles', Array.from({ length: 65 }, (_, index) => `role${index}`), /at most 64/],
  ['roles', rolesOf(2_049), /2049 bytes.*at most 2048 bytes together/],
  ['roles', ['dc-east', 'dc-west'], /at most one role that starts with dc-/],
  ...[
    'gossipIntervalMs',
    'weaklyUpAfterMs',
    'joinTimeoutMs',
    'joinRetryMs',
    'leaveTimeoutMs',
    'exitTimeoutMs',
    'tombstoneTtlMs',
  ].flatMap((option) =>
    [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1s', null].map(
      (value) => [option, value, /milliseconds above 0/] as const,
    ),
  ),
  ...[0, -1, Number.NaN, '1s', null].map(
    (value) => ['seedTimeoutMs', value, /milliseconds above 0, or Infinity/] as const,
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

  test('are shown without the contents of objects and lists', async () => {
    await expect(startWith({ name: { secret: 1 } })).rejects.toThrow('name is an object;')
    await expect(startWith({ gossipFanout: [1] })).rejects.toThrow('gossipFanout is a list;')
    await expect(startWith({ port: () => 1 })).rejects.toThrow('port is a function;')
    await expect(startWith({ transport: undefined })).rejects.toThrow('transport is missing;')
  })

  test.each([
    ['seedNode', { seedNode: ['a:1'] }, /^Option seedNode is not known; allowed is seedNodes\.$/],
    ['gossipInterval', { gossipInterval: 1 }, /gossipIntervalMs/],
    [
      'failureDetector.treshold',
      { failureDetector: { treshold: 8 } },
      /^Option failureDetector\.treshold is not known; allowed is threshold\.$/,
    ],
    [
      'limits.maxReconectMs',
      { limits: { maxReconectMs: 8 } },
      /limits\.maxReconectMs is not known; allowed is maxReconnectMs\b/,
    ],
    [
      'crossDc.conections',
      { crossDc: { conections: 3 } },
      /^Option crossDc\.conections is not known; allowed is connections\.$/,
    ],
    ['what looks like none', { xyzzy: 1 }, /allowed is transport, name, host, .*logger\.$/],
  ])('that do not exist are refused with those that look alike: %s', async (_, options, said) => {
    const starting = startWith(options)
    await expect(starting).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
      message: expect.stringMatching(said),
    })
  })

  test('of every name there is are known', async () => {
    const failureDetector = {
      heartbeatIntervalMs: 1_000,
      acceptablePauseMs: 2_000,
      probeCount: 3,
      probeTimeoutMs: 1_000,
      threshold: 8,
      maxSampleSize: 100,
      minStdDevMs: 100,
      firstHeartbeatEstimateMs: 1_000,
    }
    const crossDc = { ...crossDcDefaults }
    const limits = { idleLaneMs: 1_000 }
    await using cluster = await startWith({ failureDetector, crossDc, limits })
    expect(cluster.explain().phase).toBe('member')
  })

  test.each([undefined, null, 7, 'a:1'])('must be an object: %j is none', async (config) => {
    // Wrong values are what is tested.
    await expect(Cluster.start(config as unknown as ClusterConfig)).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
      message: expect.stringMatching(/^Option config is .*an object of options/),
    })
  })

  test('let roles fill what they may take together', async () => {
    const roles = rolesOf(2_048)
    await using cluster = await startWith({ roles })
    expect(cluster.selfMember?.roles).toEqual(roles.toSorted())
  })

  test('let a node listen on every interface under a host that others dial', async () => {
    await using cluster = await startWith({
      host: 'node.example',
      bindHost: '0.0.0.0',
      port: 7_001,
      insecure: true,
    })
    expect(cluster.self.address.toString()).toBe('node.example:7001')
  })

  test('have defaults that nobody can change, for the protocol core too', () => {
    expect(Object.isFrozen(clusterDefaults)).toBe(true)
    expect(Object.isFrozen(membershipDefaults)).toBe(true)
    expect(Object.isFrozen(membershipDefaults.roles)).toBe(true)
    expect(membershipDefaults.gossipIntervalMs).toBe(clusterDefaults.gossipIntervalMs)
    const self = NodeIdentity.parse('a:1#1')
    expect(initialState(self, { ...membershipDefaults, id: 'a' }).phase.type).toBe('joining')
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

  test.each([
    ['heartbeatIntervalMs', 0, /milliseconds above 0/],
    ['heartbeatIntervalMs', Number.NaN, /milliseconds above 0/],
    ['acceptablePauseMs', -1, /milliseconds above 0/],
    ['acceptablePauseMs', '10s', /milliseconds above 0/],
    ['connections', 0, /integer from 1 to 100/],
    ['connections', 101, /integer from 1 to 100/],
    ['connections', 2.5, /integer from 1 to 100/],
    ['gossipProbability', 0, /above 0 and at most 1/],
    ['gossipProbability', 1.1, /above 0 and at most 1/],
    ['gossipProbability', '0.2', /above 0 and at most 1/],
  ])('between data centers refuse a %s of %j', async (option, value, said) => {
    const starting = startWith({ crossDc: { [option]: value } })
    await expect(starting).rejects.toMatchObject({
      code: 'CASTY_MEMBERSHIP_INVALID_OPTION',
      message: expect.stringMatching(said),
    })
    await expect(starting).rejects.toThrow(new RegExp(`^Option crossDc\\.${option}[. ]`))
  })

  test('between data centers must be an object, whose parts may be left out or undefined', async () => {
    await expect(startWith({ crossDc: 5 })).rejects.toThrow(
      /^Option crossDc .*an object of options/,
    )
    await using cluster = await startWith({ crossDc: { connections: undefined } })
    expect(cluster.getState().crossDcConnections).toBe(crossDcDefaults.connections)
    expect(Object.isFrozen(crossDcDefaults)).toBe(true)
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
    ['epoch', 't', 2 ** 51 + 1, 0],
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
    await using cluster = await startWith({ limits: { maxDataFrameBytes: 65_536 } })
    const allocation = { primary: cluster.self, replicas: [] }
    const shards = new Map(Array.from({ length: 100_000 }, (_, shard) => [shard, allocation]))
    expect(() => cluster.publishAllocations('t', shards, 1)).toThrow(
      expect.objectContaining({ code: 'CASTY_MEMBERSHIP_INVALID_OPTION' }),
    )
    const register = (): void => {
      for (let index = 0; index < 100; index++) {
        cluster.registerService('k', `${index}${'x'.repeat(1_000)}`)
      }
    }
    expect(register).toThrow(expect.objectContaining({ code: 'CASTY_MEMBERSHIP_INVALID_OPTION' }))
  })
})
