import { unowned, type Change, type ShardingMessage } from '@casty/sharding'
import { NodeIdentity } from '@casty/transport'
import fc from 'fast-check'

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
    lineage: counter,
    isUndecided: fc.boolean(),
    isReplicated: fc.boolean(),
    isDecided: fc.boolean(),
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
  fc.record({ type: fc.constant('type' as const), settings, census: counter }),
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

/** All that there are, with whatever they may hold. */
export const messages: fc.Arbitrary<ShardingMessage> = fc.oneof(
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
  message('contested', { shards: fc.array(shard) }),
  message('recover', {
    id: counter,
    typeName,
    shard: shardNumber,
    lineage: counter,
    isAgain: fc.boolean(),
  }),
  message('recovered', {
    id: counter,
    outcome: fc.constantFrom('recovered', 'not-waiting', 'lineage-needed', 'unknown-lineage'),
    missing: counter,
    lineages: fc.array(fc.record({ lineage: counter, nodes: fc.array(node, { maxLength: 3 }) })),
  }),
  message('give-up', { typeName, shard: shardNumber, kept: counter }),
  message('replica-report', {
    shards: fc.array(
      fc
        .tuple(
          shard,
          fc.option(fc.record({ epoch: counter, position: counter }), { nil: undefined }),
          fc.option(fc.record({ bornIn: counter, isConfirmed: fc.boolean() }), { nil: undefined }),
          fc.array(
            fc.record({
              census: counter,
              hosts: fc.array(node),
              isLate: fc.boolean(),
              namesAll: fc.boolean(),
              diskSince: fc.maxSafeNat(),
            }),
          ),
        )
        .map(([shard, copies, lineage, censuses]) => ({ ...shard, copies, lineage, censuses })),
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
