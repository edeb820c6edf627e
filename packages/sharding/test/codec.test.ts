import { NodeIdentity } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeShardingMessage,
  encodeShardingMessage,
  unowned,
  type Change,
  type ShardingMessage,
} from '@casty/sharding'

const seed = Number(process.env['CASTY_SEED'] ?? 20_261_121)
const numRuns = Number(process.env['CASTY_RUNS'] ?? 300)

const counter = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 2 ** 52 }))
const duration = fc.double({ min: 0, max: 86_400_000, noNaN: true })
const version = fc.record({ term: counter, seq: counter })
const node = fc.constantFrom(
  ...['a:1#1', 'b.example:65535#1700000000000', '[::1]:9#0', 'a:1#2'].map((text) =>
    NodeIdentity.parse(text),
  ),
)
const typeName = fc.string({ minLength: 1, maxLength: 20 })
const shardNumber = fc.nat({ max: 65_535 })
const shard = fc.record({ typeName, shard: shardNumber, epoch: counter })
const settings = fc.record({
  name: typeName,
  numShards: fc.integer({ min: 1, max: 65_536 }),
  replicas: fc.nat({ max: 16 }),
  disks: fc.nat({ max: 17 }),
})
const row = fc
  .record({
    epoch: counter,
    owner: fc.option(node, { nil: undefined }),
    movingTo: fc.option(node, { nil: undefined }),
    replicas: fc.array(node, { maxLength: 3 }),
  })
  .map((row) => {
    const movingTo = row.owner && row.owner !== row.movingTo ? row.movingTo : undefined
    const isUnowned = row.epoch === 0 && !row.owner && row.replicas.length === 0
    return isUnowned ? unowned : { ...row, movingTo }
  })
const voters = fc.uniqueArray(node).map((nodes) => nodes.toSorted(NodeIdentity.compare))
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    type: fc.constant('electorate' as const),
    electorate: fc.record({ voters, former: voters }),
  }),
  fc.record({ type: fc.constant('type' as const), settings }),
  fc.record({
    type: fc.constant('shards' as const),
    typeName,
    rows: fc.array(fc.record({ shard: shardNumber, row })),
  }),
)
const batch = fc.record({ version, changes: fc.array(change, { maxLength: 4 }) }).map((batch) => ({
  ...batch,
  previous: { term: batch.version.term, seq: 0 },
  version: { ...batch.version, seq: batch.version.seq + 1 },
}))
const grant = fc.record({ round: counter, forMs: duration, after: version })

function message<T extends ShardingMessage['type'], F>(
  type: T,
  fields: { [K in keyof F]: fc.Arbitrary<F[K]> },
) {
  return fc.record<F>(fields).map((rest) => ({ type, ...rest }))
}

const messages = fc.oneof(
  message('round', {
    term: counter,
    round: counter,
    committed: version,
    version,
    isFounding: fc.boolean(),
    grant: fc.option(grant, { nil: undefined }),
    regionsVersion: counter,
  }),
  message('answer', {
    term: counter,
    round: counter,
    version,
    applied: version,
    regionsVersion: counter,
    leasesForMs: duration,
  }),
  message('refusal', {
    term: counter,
    round: counter,
    reason: fc.constantFrom('promised', 'old-term', 'not-lost', 'not-yet', 'no-member'),
    highestTerm: counter,
    retryAfterMs: duration,
  }),
  message('entries', { term: counter, batches: fc.array(batch, { maxLength: 3 }) }),
  message('accepted', { term: counter, version }),
  message('fetch', { term: counter }),
  message('snapshot', {
    term: counter,
    version,
    part: fc.nat({ max: 5 }),
    parts: fc.integer({ min: 6, max: 4_096 }),
    changes: fc.array(change, { maxLength: 4 }),
  }),
  message('regions', { version: counter, types: fc.array(settings) }),
  message('released', { shards: fc.array(shard) }),
  message('epoch-behind', { shard, written: counter }),
  message('resign', { term: counter, leasesForMs: duration }),
  message('replica-query', { shards: fc.array(shard) }),
  message('replica-report', {
    shards: fc.array(
      fc
        .tuple(
          shard,
          fc.option(fc.record({ epoch: counter, position: counter }), { nil: undefined }),
          counter,
        )
        .map(([shard, copies, hosts]) => ({ ...shard, copies, hosts })),
    ),
  }),
  message('replicated', {
    shards: fc.array(
      fc
        .tuple(shard, fc.array(node, { maxLength: 16 }), fc.array(node, { maxLength: 16 }))
        .map(([shard, replicas, superfluous]) => ({ ...shard, replicas, superfluous })),
    ),
  }),
)

test('what is written is read back', () => {
  fc.assert(
    fc.property(messages, (message) => {
      // Every arbitrary above makes one message of the union, whose union the compiler does not form.
      const written = encodeShardingMessage(message as ShardingMessage)
      expect(decodeShardingMessage(written)).toEqual(message)
    }),
    { seed, numRuns },
  )
})

test('a message is read from the middle of other bytes', () => {
  const bytes = encodeShardingMessage({ type: 'fetch', term: 300 })
  const around = Uint8Array.of(255, ...bytes, 255)
  expect(decodeShardingMessage(around, 1, around.length - 1)).toEqual({ type: 'fetch', term: 300 })
})

test('whatever the bytes are, they are a message or malformed', () => {
  const faults = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 })
  let refused = 0
  fc.assert(
    fc.property(messages, faults, fc.nat({ max: 3 }), (message, changes, cut) => {
      // As above.
      const bytes = encodeShardingMessage(message as ShardingMessage)
      for (const [place, value] of changes) bytes[place % bytes.length] = value
      try {
        decodeShardingMessage(bytes, 0, bytes.length - cut)
      } catch (error) {
        expect(error).toMatchObject({ code: 'CASTY_TRANSPORT_MALFORMED' })
        refused++
      }
    }),
    { seed, numRuns: numRuns * 5 },
  )
  expect(refused).toBeGreaterThan(numRuns)
})

test.each([
  ['no bytes at all', []],
  ['an unknown tag', [99, 0, 0]],
  ['bytes left over', [6, 0, 1, 5, 0]],
  ['more nodes than there can be', [6, 255, 255, 3, 0]],
  ['a node that names nothing', [6, 1, 3, 120, 121, 122, 1, 5]],
])('%s is malformed', (_what, bytes) => {
  expect(() => decodeShardingMessage(Uint8Array.from(bytes))).toThrowError(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_MALFORMED' }),
  )
})
