// Every message that membership sends, as a generator: what is decoded must be what was encoded.
import fc from 'fast-check'
import { VectorClock } from '@casty/clock'
import {
  NodeAddress,
  NodeIdentity,
  toIncarnation,
  type Forbidden,
  type NodeKey,
} from '@casty/transport'
import {
  Member,
  memberStatuses,
  type AllocationTable,
  type ClusterMessage,
  type Dot,
  type Gossip,
  type GossipRow,
  type MemberRecord,
  type ReachabilityRecord,
  type RegistryChanges,
  type RegistryRow,
  type SeenBits,
  type ShardAllocation,
  type Tombstone,
} from '@casty/membership'

const counter = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat().map((value) => value % 2 ** 52),
)
const positive = counter.map((value) => value + 1)
const anyNumber = fc.oneof(fc.nat(300), fc.maxSafeNat())

/** Few of them, so that messages name one node in several places. */
const node = fc
  .record({
    host: fc.constantFrom('a', 'b', 'c', '127.0.0.1', '::1', 'node-7.example.org'),
    port: fc.constantFrom(0, 1, 65_535),
    incarnation: fc.constantFrom(0, 1, 1_700_000_000_000, Number.MAX_SAFE_INTEGER),
  })
  .map(({ host, port, incarnation }) => NodeIdentity.of(NodeAddress.of(host, port), incarnation))

const key = node.map((identity) => identity.key)
const role = fc.string({ unit: 'binary', maxLength: 12 })
const name = fc.string({ unit: 'binary', maxLength: 20 })

function mapOf<K, V>(keys: fc.Arbitrary<K>, values: fc.Arbitrary<V>): fc.Arbitrary<Map<K, V>> {
  return fc.array(fc.tuple(keys, values), { maxLength: 5 }).map((entries) => new Map(entries))
}

const version = mapOf(key, positive).map((entries) => VectorClock.of(entries))
const dot: fc.Arbitrary<Dot> = fc.record({ node: key, counter })

const record: fc.Arbitrary<MemberRecord> = fc
  .record({
    node,
    id: fc.option(name, { nil: undefined }),
    status: fc.constantFrom(...memberStatuses.filter((status) => status !== 'removed')),
    upNumber: fc.option(counter, { nil: undefined }),
    roles: fc.array(role, { maxLength: 5 }),
    dot,
  })
  .map(({ id, upNumber, dot: changed, ...init }) => ({
    member: Member.of({
      ...init,
      ...(id !== undefined && id !== '' && { id }),
      ...(upNumber !== undefined && { upNumber }),
    }),
    dot: changed,
  }))

const tombstone: fc.Arbitrary<Tombstone> = fc
  .record({
    node,
    removedAtMs: anyNumber,
    left: fc.boolean(),
    upNumber: fc.option(counter, { nil: undefined }),
    dot,
    ageMs: anyNumber,
  })
  .map(({ upNumber, ...told }) => (upNumber === undefined ? told : { ...told, upNumber }))

const reachabilityRecord: fc.Arbitrary<ReachabilityRecord> = fc.record({
  status: fc.constantFrom('reachable', 'unreachable', 'refused', 'terminated'),
  version: counter,
})

const row: fc.Arbitrary<GossipRow> = fc.record({
  observer: node,
  counter,
  row: fc.record({
    version: counter,
    doubtful: fc.boolean(),
    records: mapOf<NodeKey, ReachabilityRecord>(key, reachabilityRecord),
  }),
})

const seen: fc.Arbitrary<SeenBits> = fc.record({
  membersDigest: anyNumber,
  bits: fc.uint8Array({ maxLength: 8 }),
})

export const gossips: fc.Arbitrary<Gossip> = fc.record({
  clusterId: name,
  version,
  seen,
  records: fc.array(record, { maxLength: 4 }),
  tombstones: fc.array(tombstone, { maxLength: 3 }),
  rows: fc.array(row, { maxLength: 3 }),
})

const allocation: fc.Arbitrary<ShardAllocation> = fc.record({
  primary: node,
  replicas: fc.array(node, { maxLength: 3 }),
})

const table: fc.Arbitrary<AllocationTable> = fc.record({
  epoch: anyNumber,
  author: key,
  shards: mapOf(anyNumber, allocation),
})

const registryRow: fc.Arbitrary<RegistryRow> = fc.record({
  node,
  version: counter,
  services: fc.array(fc.record({ key: name, path: name }), { maxLength: 3 }),
})

const registryChanges: fc.Arbitrary<RegistryChanges> = fc.record({
  node,
  since: counter,
  changes: fc.array(
    fc.record({
      type: fc.constantFrom('registered' as const, 'withdrawn' as const),
      key: name,
      path: name,
    }),
    { maxLength: 3 },
  ),
})

/** Addresses, and certificates. */
export const forbidden: fc.Arbitrary<Forbidden> = fc.oneof(
  node.map(({ address }) => ({ address })),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 20 })
    .map((fingerprint) => ({ fingerprint })),
)

function typed<Type extends ClusterMessage['type'], Fields extends object>(
  type: Type,
  fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> },
): fc.Arbitrary<Fields & { type: Type }> {
  return fc.record(fields).map((made) => ({ ...made, type }))
}

const paddingBytes = fc.oneof(fc.constant(0), fc.nat({ max: 2_048 }))

/** Any message, of every type alike. */
export const messages: fc.Arbitrary<ClusterMessage> = fc.oneof(
  typed('heartbeat', { sequence: anyNumber, paddingBytes }),
  typed('heartbeat-answer', { sequence: anyNumber, paddingBytes }),
  typed('probe', { subject: node, sequence: anyNumber }),
  typed('probe-answer', { subject: node, sequence: anyNumber, reached: fc.boolean() }),
  typed('join', { id: name, roles: fc.array(role, { maxLength: 5 }) }),
  typed('welcome', { gossip: gossips }),
  typed('join-refused', {
    reason: fc.constantFrom(
      'not-a-member' as const,
      'leaving' as const,
      'stale-incarnation' as const,
      'roles-too-large' as const,
      'cluster-full' as const,
    ),
    knownIncarnation: fc.option(anyNumber.map(toIncarnation), { nil: undefined }),
  }),
  typed('gossip-status', {
    versionDigest: anyNumber,
    seenDigest: anyNumber,
    allocationsDigest: anyNumber,
    registryDigest: anyNumber,
  }),
  typed('gossip-request', { version }),
  typed('gossip', { gossip: gossips }),
  typed('seen', { versionDigest: anyNumber, seen }),
  typed('sections-request', {
    tables: mapOf(name, fc.record({ epoch: anyNumber, author: key })),
    registry: mapOf(key, counter),
  }),
  typed('sections', {
    tables: fc.array(fc.tuple(name, table), { maxLength: 3 }),
    registry: fc.array(registryRow, { maxLength: 3 }),
    changes: fc.array(registryChanges, { maxLength: 3 }),
  }),
  typed('evictions-status', { digest: anyNumber, isAnswer: fc.boolean() }),
  typed('evictions', { entries: fc.array(forbidden, { maxLength: 5 }) }),
  typed('exiting-confirmed', { node }),
  typed('not-yours', {}),
)
