import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  discoverConfig,
  emptyConfig,
  loadConfig,
  resolveActor,
  type CastyConfig,
} from '@casty/cluster'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'casty-config-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

function load(toml: string): CastyConfig {
  const file = join(directory, 'casty.toml')
  writeFileSync(file, toml)
  return loadConfig(file)
}

test('takes the example of the README as it stands', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
  const [, example = ''] = /^```toml\n([\s\S]*?)^```$/m.exec(readme) ?? []
  const config = load(example)
  expect(config).toMatchObject({
    name: 'shop',
    cluster: {
      host: '10.0.0.1',
      bindHost: '0.0.0.0',
      secret: { file: resolve('/run/secrets/casty') },
      requiredQuorum: 3,
    },
    defaults: { sharding: { numShards: 256 } },
  })
  expect(resolveActor(config, 'order-17').mailbox.capacity).toBe(1_000)
})

test('reads every key that there is', () => {
  const config = load(`
[system]
name = "shop"

[defaults.mailbox]
capacity = 500
strategy = "drop_oldest"
stash_capacity = 20

[defaults.supervision]
strategy = "restart"
max_restarts = 3
within_seconds = 60.0

[defaults.sharding]
num_shards = 256

[defaults.replication]
replicas = 2
min_acks = 1
ack_timeout = 5.0

[serialization]
serializer = "json"
[serialization.compression]
algorithm = "deflate"
threshold_bytes = 1024

[cluster]
host = "10.0.0.1"
port = 25520
bind_host = "0.0.0.0"
node_id = "one"
seed_nodes = ["10.0.0.1:25520"]
roles = ["worker"]
required_quorum = 3

[cluster.gossip]
interval = 0.5
fanout = 4

[cluster.heartbeat]
interval = "250ms"

[cluster.failure_detector]
threshold = 9.5
max_sample_size = 100
min_std_deviation_ms = 50.0
acceptable_heartbeat_pause_ms = 0
first_heartbeat_estimate_ms = 500

[cluster.tls]
certfile = "node.crt"
cafile = "ca.crt"
keyfile = "node.key"
ends_with_certificate = false
exposed_key = "refuse"
`)
  expect({ ...config, file: undefined }).toEqual({
    file: undefined,
    name: 'shop',
    defaults: {
      mailbox: { capacity: 500, overflow: 'drop-oldest', stashCapacity: 20 },
      supervision: { strategy: 'restart', maxRestarts: 3, withinMs: 60_000 },
      sharding: { numShards: 256 },
      replication: { replicas: 2, minAcks: 1, ackTimeoutMs: 5_000 },
    },
    serialization: {
      serializer: 'json',
      compression: { algorithm: 'deflate', thresholdBytes: 1_024 },
    },
    cluster: {
      host: '10.0.0.1',
      port: 25_520,
      bindHost: '0.0.0.0',
      nodeId: 'one',
      seedNodes: ['10.0.0.1:25520'],
      roles: ['worker'],
      requiredQuorum: 3,
      gossipIntervalMs: 500,
      gossipFanout: 4,
      failureDetector: {
        heartbeatIntervalMs: 250,
        threshold: 9.5,
        maxSampleSize: 100,
        minStdDevMs: 50,
        acceptablePauseMs: 0,
        firstHeartbeatEstimateMs: 500,
      },
      tls: {
        cert: join(directory, 'node.crt'),
        ca: join(directory, 'ca.crt'),
        key: join(directory, 'node.key'),
        endsWithCertificate: false,
        exposedKey: 'refuse',
      },
    },
    actors: [],
  })
})

test('is empty where the file says nothing', () => {
  expect(load('')).toEqual({ ...emptyConfig, file: join(directory, 'casty.toml') })
})

const long = 'x'.repeat(256)

function seeds(list: string): string {
  return `[cluster]\nseed_nodes = [${list}]`
}

test.each([
  ['a table misspelt', '[clusterr]', 'clusterr', 'cluster'],
  ['a key misspelt', '[cluster.gossip]\nintervall = 1', 'cluster.gossip.intervall', 'interval'],
  ['a wrong type', '[cluster]\nport = "80"', 'cluster.port', 'an integer from 0 to 65535'],
  ['a number out of range', '[cluster]\nport = 65536', 'cluster.port is 65536', '0 to 65535'],
  ['a fraction of a thing', '[cluster.gossip]\nfanout = 1.5', 'fanout is 1.5', 'an integer from 1'],
  ['a negative duration', '[cluster.gossip]\ninterval = -1', 'interval is -1', 'above 0'],
  ['a duration without sense', '[cluster.gossip]\ninterval = "often"', '"often"', '"250ms"'],
  [
    'an unknown choice',
    '[defaults.mailbox]\nstrategy = "drop"',
    '"drop"',
    'drop_new, drop_oldest, reject',
  ],
  ['a value in place of a table', 'cluster = 1', 'cluster is 1', 'a table'],
  ['a date in place of a table', 'cluster = 2020-01-01', 'cluster', 'a table'],
  [
    'a list of other things',
    '[cluster]\nseed_nodes = [1]',
    'cluster.seed_nodes[0] is 1',
    'host:port',
  ],
  ['no list', '[cluster]\nroles = "a"', 'cluster.roles is "a"', 'a list of texts'],
  ['a seed without a port', seeds('"a:1", "b"'), 'cluster.seed_nodes[1] is "b"', 'host:port'],
  ['a port out of range', seeds('"a:99999"'), 'seed_nodes[0] is "a:99999"', 'host:port'],
  [
    'more roles than a member may have',
    `[cluster]\nroles = ${JSON.stringify(Array.from({ length: 65 }, (_, at) => `r${at}`))}`,
    'cluster.roles names 65 roles',
    'at most 64',
  ],
  [
    'a seed that nobody can dial',
    '[cluster]\nseed_nodes = ["a:1", "a:0"]',
    'cluster.seed_nodes[1] is "a:0"',
    'a port that can be dialled',
  ],
  ['an empty role', '[cluster]\nroles = [""]', 'cluster.roles[0] is ""', '1 to 100 bytes'],
  ['a long role', `[cluster]\nroles = ["${long}"]`, 'cluster.roles[0] is "xx', '1 to 100 bytes'],
  [
    'two data centers',
    '[cluster]\nroles = ["dc-a", "dc-b"]',
    'cluster.roles names dc-a and dc-b',
    'at most one',
  ],
  ['no host', '[cluster]\nhost = "a b"', 'cluster.host is "a b"', 'a host name or IP literal'],
  ['no host to bind', '[cluster]\nbind_host = "a b"', 'cluster.bind_host is', 'a host name'],
  ['a host of all', '[cluster]\nhost = "0.0.0.0"', 'cluster.host is "0.0.0.0"', 'set bind_host'],
  ['the same of IPv6', '[cluster]\nhost = "::"', 'cluster.host is "::"', 'set bind_host'],
  ['a long name', `[system]\nname = "${long}"`, 'system.name is "xx', '1 to 100 bytes'],
  ['a long id', `[cluster]\nnode_id = "${long}"`, 'cluster.node_id is', '1 to 255 bytes'],
  ['a date', '[cluster]\nrequired_quorum = 2026-01-01', 'required_quorum is a date', 'an integer'],
  ['too many', '[cluster]\nrequired_quorum = 100001', 'required_quorum is', '1 to 100000'],
  ['a wide fanout', '[cluster.gossip]\nfanout = 101', 'gossip.fanout is 101', '1 to 100'],
  [
    'a threshold beyond all messages',
    '[serialization.compression]\nthreshold_bytes = 1073741825',
    'threshold_bytes is 1073741825',
    '0 to 1073741824',
  ],
  ['an empty text', '[cluster]\nhost = ""', 'cluster.host', 'a text that is not empty'],
  [
    'half of the files for TLS',
    '[cluster.tls]\ncertfile = "a"\nkeyfile = "b"',
    'cluster.tls.cafile is missing',
    'PEM',
  ],
  [
    'more acknowledgements than replicas',
    '[defaults.replication]\nreplicas = 1\nmin_acks = 2',
    'defaults.replication.min_acks is 2',
    '0 to 1',
  ],
  [
    'more acknowledgements of some actors than all have replicas',
    '[defaults.replication]\nreplicas = 1\n[actors.order.replication]\nmin_acks = 2',
    'actors.order.replication.min_acks is 2',
    '0 to 1, the replicas',
  ],
  ['a name that is no pattern', '[actors."or(der"]', 'actors."or(der"', 'regular expression'],
  [
    'a key inside an override',
    '[actors."order-.*".mailbox]\nsize = 1',
    'actors."order-.*".mailbox.size',
    'capacity',
  ],
])('refuses %s, with the path, the value and what is allowed', (_what, toml, path, allowed) => {
  expect(() => load(toml)).toThrow(
    expect.objectContaining({
      code: 'CASTY_CLUSTER_INVALID_CONFIG',
      message: expect.stringMatching(new RegExp(`${escaped(path)}.*${escaped(allowed)}`)),
    }),
  )
})

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

test('says where a file is no TOML', () => {
  expect(() => load('[cluster\n')).toThrow(
    expect.objectContaining({
      code: 'CASTY_CLUSTER_CONFIG_UNREADABLE',
      message: expect.stringContaining(join(directory, 'casty.toml')),
    }),
  )
})

test('says that a file is not there', () => {
  expect(() => loadConfig(join(directory, 'other.toml'))).toThrow(
    expect.objectContaining({ code: 'CASTY_CLUSTER_CONFIG_NOT_FOUND' }),
  )
})

test('finds the nearest file upward', () => {
  const below = join(directory, 'a', 'b')
  mkdirSync(below, { recursive: true })
  writeFileSync(join(directory, 'casty.toml'), '')
  expect(discoverConfig(below)).toBe(join(directory, 'casty.toml'))
  writeFileSync(join(below, 'casty.toml'), '')
  expect(discoverConfig(below)).toBe(join(below, 'casty.toml'))
})

test('runs an actor by the first override for its name, then by the defaults', () => {
  const config = load(`
[defaults.mailbox]
capacity = 10
strategy = "reject"

[actors.orders.mailbox]
capacity = 20

[actors."order.*".mailbox]
capacity = 30

[actors."order.*".sharding]
num_shards = 7
`)
  expect(resolveActor(config, 'orders').mailbox).toEqual({ capacity: 20, overflow: 'reject' })
  expect(resolveActor(config, 'orders').sharding).toEqual({})
  expect(resolveActor(config, 'order-7')).toMatchObject({
    mailbox: { capacity: 30, overflow: 'reject' },
    sharding: { numShards: 7 },
  })
  expect(resolveActor(config, 'reorder').mailbox).toEqual({ capacity: 10, overflow: 'reject' })
})
