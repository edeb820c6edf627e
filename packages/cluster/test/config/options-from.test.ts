import { Behaviors, ClusteredActorSystem, configOf, emptyConfig, optionsFrom } from '@casty/cluster'
import { parse } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import type { ActorRef } from '@casty/actor'
import type { CastyConfig } from '@casty/cluster'
import { SystemWorld } from '../system-world.ts'

function configured(toml: string): CastyConfig {
  return configOf('casty.toml', parse(toml))
}

const tls = '[cluster.tls]\ncertfile = "a"\ncafile = "b"\nkeyfile = "c"'

describe('a key of the file is an option of the system', () => {
  test.each<[string, object]>([
    ['[system]\nname = "shop"', { name: 'shop' }],
    ['[cluster]\nhost = "h"', { host: 'h' }],
    ['[cluster]\nport = 25520', { port: 25_520 }],
    ['[cluster]\nbind_host = "0.0.0.0"', { bindHost: '0.0.0.0' }],
    ['[cluster]\ninsecure = true', { insecure: true }],
    ['[cluster]\nnode_id = "one"', { nodeId: 'one' }],
    ['[cluster]\nseed_nodes = ["h:1"]', { seedNodes: ['h:1'] }],
    ['[cluster]\nroles = ["worker"]', { roles: ['worker'] }],
    ['[cluster]\nrequired_quorum = 3', { requiredQuorum: 3 }],
    ['[cluster.gossip]\ninterval = 0.5', { gossipIntervalMs: 500 }],
    ['[cluster.gossip]\nfanout = 4', { gossipFanout: 4 }],
    ['[cluster.heartbeat]\ninterval = "250ms"', { failureDetector: { heartbeatIntervalMs: 250 } }],
    ['[cluster.failure_detector]\nthreshold = 9', { failureDetector: { threshold: 9 } }],
    ['[cluster.failure_detector]\nmax_sample_size = 9', { failureDetector: { maxSampleSize: 9 } }],
    [
      '[cluster.failure_detector]\nmin_std_deviation_ms = 9',
      { failureDetector: { minStdDevMs: 9 } },
    ],
    [
      '[cluster.failure_detector]\nacceptable_heartbeat_pause_ms = 9',
      { failureDetector: { acceptablePauseMs: 9 } },
    ],
    [
      '[cluster.failure_detector]\nfirst_heartbeat_estimate_ms = 9',
      { failureDetector: { firstHeartbeatEstimateMs: 9 } },
    ],
    [tls, {}],
    ['[defaults.mailbox]\ncapacity = 9', { mailbox: { capacity: 9 } }],
    ['[defaults.mailbox]\nstrategy = "drop_oldest"', { mailbox: { overflow: 'drop-oldest' } }],
    ['[defaults.mailbox]\nstash_capacity = 9', { mailbox: { stashCapacity: 9 } }],
  ])('%j', (toml, options) => {
    expect(optionsFrom(configured(toml))).toEqual(options)
  })

  test.each([
    ['[serialization]\nserializer = "msgpack"', 'msgpack'],
    ['[serialization]\nserializer = "json"', 'json'],
    ['[serialization.compression]\nalgorithm = "deflate"', 'msgpack+deflate'],
    [
      '[serialization]\nserializer = "json"\n[serialization.compression]\nthreshold_bytes = 9',
      'json+deflate',
    ],
  ])('%j', (toml, name) => {
    expect(optionsFrom(configured(toml)).serializer?.name).toBe(name)
  })

  test('and nothing where there is none', () => {
    expect(optionsFrom(emptyConfig)).toEqual({})
  })
})

describe('a system that is started by a config', () => {
  test('takes what the file says, unless code says otherwise', async () => {
    const world = new SystemWorld()
    await using _ = world
    const config = configured('[cluster]\nnode_id = "one"\nroles = ["x"]\nrequired_quorum = 1')
    const { nodeId: _id, ...options } = world.optionsFor('a')
    const a = world.add(
      'a',
      await world.settled(ClusteredActorSystem.fromConfig(config, { ...options, roles: ['y'] })),
    )
    expect(a.getClusterState().members.map(({ id, roles }) => [id, ...roles])).toEqual([
      ['one', 'y'],
    ])
  })

  test('wants a table for the cluster', async () => {
    const world = new SystemWorld()
    await using _ = world
    await expect(
      ClusteredActorSystem.fromConfig(configured(''), world.optionsFor('a')),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'CASTY_CLUSTER_INVALID_CONFIG',
        message: expect.stringContaining('cluster is missing, in casty.toml'),
      }),
    )
    await expect(
      ClusteredActorSystem.fromConfig('/nowhere/casty.toml', world.optionsFor('a')),
    ).rejects.toThrow(expect.objectContaining({ code: 'CASTY_CLUSTER_CONFIG_NOT_FOUND' }))
  })

  test.each([
    [5, 'Option config is 5; allowed is the path of a config file, or what loadConfig() returns.'],
    [null, 'Option config is null'],
    [{ cluster: {} }, 'Option config is an object'],
  ])('says that %j is none', async (config, message) => {
    const world = new SystemWorld()
    await using _ = world
    const [given, options] = [config as unknown as string, world.optionsFor('a')]
    const refusal = expect.objectContaining({
      code: 'CASTY_CLUSTER_INVALID_OPTION',
      message: expect.stringContaining(message),
    })
    await expect(ClusteredActorSystem.fromConfig(given, options)).rejects.toThrow(refusal)
    await expect(ClusteredActorSystem.start({ ...options, config: given })).rejects.toThrow(refusal)
  })

  test('refuses a transport without TLS where the file asks for it', async () => {
    const world = new SystemWorld()
    await using _ = world
    const options = world.optionsFor('a')
    await expect(
      ClusteredActorSystem.start({ ...options, config: configured(tls) }),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'CASTY_CLUSTER_INVALID_OPTION',
        message: expect.stringContaining('tcpTransport({ tls: config.cluster?.tls })'),
      }),
    )
  })

  const files = { cert: '/c', ca: '/a', key: '/k' }
  test.each<[string, string, object, object]>([
    ['what the file says', tls, {}, { tls: { cert: '/x/a', ca: '/x/b', key: '/x/c' } }],
    ['what code says, before the file', tls, { tls: files }, { tls: files }],
    ['what code says without a file', '', { tls: files }, { tls: files }],
    ['nothing where nobody says anything', '', {}, {}],
  ])('tells what makes its transport %s of TLS', async (_which, toml, ofCode, expected) => {
    const world = new SystemWorld()
    await using _ = world
    const { transport, ...options } = world.optionsFor('a')
    if (typeof transport === 'function') throw new Error('It is to be made already')
    const told: object[] = []
    const config = configOf('/x/casty.toml', parse(toml))
    const starting = ClusteredActorSystem.start({
      ...options,
      ...ofCode,
      config,
      transport(given) {
        told.push(given)
        return {
          name: transport.name,
          ...(given.tls && { security: 'mutual-tls' }),
          listen: async (...where) => await transport.listen(...where),
          dial: async (...where) => await transport.dial(...where),
        }
      },
    })
    world.add('a', await world.settled(starting))
    expect(told).toEqual([expected])
  })

  test.each<[string, object, string]>([
    ['beside a transport that is made already', { tls: files }, 'Option tls is an object;'],
    ['that is nothing', { tls: 'node.crt' }, 'Option tls is "node.crt";'],
    [
      'for a transport that does not heed it',
      { tls: files, transport: () => ({ name: 'deaf' }) },
      'Option transport is "deaf"; allowed is one with TLS',
    ],
  ])('refuses tls %s', async (_where, wrong, message) => {
    const world = new SystemWorld()
    await using _ = world
    await expect(
      ClusteredActorSystem.start({ ...world.optionsFor('a'), ...wrong }),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'CASTY_CLUSTER_INVALID_OPTION',
        message: expect.stringContaining(message),
      }),
    )
  })

  test('splits entities into as many shards as the file says of their name', async () => {
    const world = new SystemWorld()
    await using _ = world
    const config = configured(
      '[defaults.sharding]\nnum_shards = 9\n[actors.x.sharding]\nnum_shards = 7',
    )
    const a = await world.start('a', { config })
    const shardsOf = (name: string, numShards?: number): number =>
      a.region(
        a.spawn(
          Behaviors.sharded(() => Behaviors.ignore, { ...(numShards && { numShards }) }),
          name,
        ),
      ).numShards
    expect([shardsOf('x'), shardsOf('y'), shardsOf('z', 5)]).toEqual([7, 9, 5])
  })

  test('runs actors in the mailboxes that the file says of their names', async () => {
    const world = new SystemWorld()
    await using _ = world
    const config = configured(
      '[defaults.mailbox]\ncapacity = 2\n[actors."big-.*".mailbox]\ncapacity = 4',
    )
    const a = await world.start('a', { config, stopTimeoutMs: 1_000 })
    const hangs = Behaviors.receive<number>(async (_message, { signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    })
    const dropped = async (name: string, options: object = {}): Promise<number> => {
      const before = a.deadLetters['mailbox-full'] ?? 0
      const ref = a.spawn(hangs, { name, ...options })
      await world.pass(1)
      ref.tell(0)
      await world.pass(1)
      for (let at = 0; at < 10; at++) ref.tell(at)
      await world.pass(1)
      return (a.deadLetters['mailbox-full'] ?? 0) - before
    }
    expect(await dropped('small')).toBe(8)
    expect(await dropped('big-one')).toBe(6)
    expect(await dropped('big-two', { mailbox: { capacity: 6 } })).toBe(4)
  })

  test.each([
    ['', [0]],
    ['[actors.x.supervision]\nstrategy = "resume"', [0, 2]],
    ['[actors.x.supervision]\nstrategy = "restart"', [0, 0]],
    ['[actors.x.supervision]\nstrategy = "restart"\nmax_restarts = 0', [0]],
    ['[defaults.supervision]\nstrategy = "resume"', [0, 2]],
    ['[defaults.supervision]\nstrategy = "resume"\n[actors.x.supervision]\nstrategy = "stop"', [0]],
  ])('deals with failures as the file says: %j', async (toml, answers) => {
    const world = new SystemWorld()
    await using _ = world
    const a = await world.start('a', { config: configured(toml) })
    const failing = Behaviors.setup<ActorRef<number> | 'fail'>(() => {
      let handled = 0
      return Behaviors.receive((message) => {
        if (message !== 'fail') message.tell(handled)
        handled++
        if (message === 'fail') throw new Error('no')
      })
    })
    const ref = a.spawn(failing, 'x')
    const heard: number[] = []
    const ask = async (): Promise<void> => {
      const answer = a.ask(ref, (replyTo: ActorRef<number>) => replyTo, { timeoutMs: 1_000 })
      await world.settled(
        answer.then(
          (count) => void heard.push(count),
          () => {},
        ),
      )
    }
    await ask()
    ref.tell('fail')
    await ask()
    expect(heard).toEqual(answers)
  })
})
