// A table that goes back to an earlier census: what was begun in the later one is in doubt until all have told what they have.
import { expect, test } from 'vitest'
import { nothing, type Found } from '../src/coordinator/found.ts'
import { planShards } from '../src/coordinator/plan.ts'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import { Replica } from '../src/replication/replica.ts'
import { ReplicatedShard } from '../src/replication/replicated-shard.ts'
import type { ShardRow } from '../src/table/shard-row.ts'
import { ShardTable } from '../src/table/shard-table.ts'
import { nodeOf, situationOf, viewOf } from './situation.ts'

const [a, b] = [nodeOf('a'), nodeOf('b')]
const settings = { name: 'kept', numShards: 3, replicas: 1, disks: 2 }
/** Of the table that a node founded which had lost its disk, and of the one before. */
const [later, earlier] = [200, 100]

function rowOf(row: Partial<ShardRow>): ShardRow {
  const begun = { epoch: later, owner: a, movingTo: undefined, replicas: [b], lineage: later }
  return { ...begun, isUndecided: false, isReplicated: false, isDecided: false, ...row }
}

function tableOf(census: number, ...rows: readonly ShardRow[]): ShardTable {
  const changed = rows.map((row, shard) => ({ shard, row }))
  return ShardTable.empty.with({
    version: { term: 1, seq: 1 },
    changes: [
      { type: 'type', settings, census },
      { type: 'shards', typeName: 'kept', rows: changed },
    ],
  })
}

/** @param found - what is known of the copies of each shard that is asked for */
function planned(
  table: ShardTable,
  found: Readonly<Record<number, Found>>,
  contested: readonly number[] = [],
): ShardTable {
  const situation = situationOf({
    view: viewOf('a', 'b'),
    types: new Map([['kept', settings]]),
    releasedAt: () => later,
    isContested: (_name, shard) => contested.includes(shard),
    promote: (_type, shard) => found[shard],
    maxMovingShare: 0,
    maxMoving: 0,
  })
  const { changes } = planShards(table, situation)
  return table.with({ version: { term: 1, seq: 2 }, changes })
}

function row(table: ShardTable, shard: number): ShardRow {
  return table.row('kept', shard)
}

const inEarlier: Found = {
  furthest: [b],
  keepers: [b],
  epoch: 150,
  lineage: earlier,
  begun: earlier,
  census: earlier,
  isForced: false,
}

test('what was begun in a later census is in doubt once one shard goes back to the earlier one', () => {
  const before = tableOf(later, rowOf({}), rowOf({}), rowOf({ lineage: 150 }))
  const after = planned(before, { 0: inEarlier }, [0])
  expect(after.types.get('kept')?.census).toBe(earlier)
  expect(row(after, 0)).toMatchObject({ lineage: earlier, isUndecided: false, epoch: later + 1 })
  expect(row(after, 1)).toMatchObject({ lineage: later, isUndecided: true, epoch: later })
  expect(row(after, 2)).toMatchObject({ lineage: 150, isUndecided: false, epoch: later })
})

test('what people decided on is not in doubt, and stays decided while its lineage is the same', () => {
  const decided = rowOf({ isDecided: true })
  const before = tableOf(later, rowOf({}), decided, rowOf({ isDecided: true, movingTo: b }))
  const after = planned(before, { 0: { ...nothing, census: earlier, isForced: true } }, [0])
  expect(after.types.get('kept')?.census).toBe(earlier)
  expect(row(after, 0)).toMatchObject({ lineage: later + 1, isUndecided: false, isDecided: true })
  expect(row(after, 1)).toBe(decided)
  expect(row(after, 2)).toMatchObject({ owner: b, epoch: later + 1, isDecided: true })
  const contested = tableOf(later, rowOf({}), decided, decided)
  expect(row(planned(contested, { 1: inEarlier }, [1]), 1)).toMatchObject({
    lineage: earlier,
    isDecided: false,
  })
})

test('what is in doubt stays so until enough have told', () => {
  const before = tableOf(earlier, rowOf({}), rowOf({ isUndecided: true }), rowOf({}))
  expect(row(planned(before, {}), 1)).toBe(row(before, 1))
})

test.each([
  { has: 'what was confirmed before', found: inEarlier, lineage: earlier },
  { has: 'nothing', found: { ...nothing, census: earlier }, lineage: earlier },
  {
    has: 'what was confirmed since',
    found: { ...inEarlier, lineage: later, census: later },
    lineage: later,
  },
  { has: 'nothing, as somebody decided', found: { ...nothing, isForced: true }, lineage: 201 },
])('what is in doubt is decided under the next epoch: who told has $has', ({ found, lineage }) => {
  const before = tableOf(earlier, rowOf({ isUndecided: true }), rowOf({}), rowOf({}))
  const after = planned(before, { 0: found })
  expect(row(after, 0)).toMatchObject({ owner: a, epoch: later + 1, lineage, isUndecided: false })
  expect(after.types.get('kept')?.census).toBe(earlier)
})

test('who comes late with what was begun, and cannot know that it was never confirmed, is of what goes on', () => {
  const begun = 120
  const before = tableOf(earlier, rowOf({ isUndecided: true }), rowOf({}), rowOf({}))
  const unconfirmed = { ...inEarlier, lineage: undefined, begun }
  const { lineage, epoch } = row(planned(before, { 0: unconfirmed }), 0)
  const late = new ShardCopies(new CopyRoom(1_000))
  late.comeFrom({ bornIn: begun, isConfirmed: true })
  const operation = { type: 'claim', epoch: begun } as const
  late.apply('x', operation, { epoch: begun, count: 1 })
  const answers: string[] = []
  const request = { type: 'list', token: 1, after: undefined } as const
  new Replica(late).answer({ epoch, lineage }, request, ({ type }) => answers.push(type))
  expect(answers).toEqual(['listed'])
})

test('what is in doubt stays so where its shard has moved', () => {
  const moving = rowOf({ isUndecided: true, movingTo: b, replicas: [] })
  const after = planned(tableOf(earlier, moving, rowOf({}), rowOf({})), {})
  expect(row(after, 0)).toMatchObject({ owner: b, epoch: later + 1, isUndecided: true })
})

test('an owner confirms nothing of what is in doubt, and says so in time', () => {
  const outcomes: string[] = []
  const shard = new ReplicatedShard(
    later,
    new ShardCopies(new CopyRoom(1_000)),
    { replicas: 0, minAcks: 0, ackTimeoutMs: 1_000, ownAck: false, batchBytes: 1_000 },
    {
      send: () => {},
      isReachable: () => true,
      stays: () => true,
      fenced: () => {},
      replicated: () => {},
      contested: () => {},
      mayBeElsewhere: () => false,
      noRoom: () => {},
      atEndOfTurn: (callback) => callback(),
    },
    undefined,
    later,
  )
  const claim = (now: number): void =>
    shard.submit('x', { type: 'claim', epoch: later }, now, ({ type }) => outcomes.push(type))
  shard.follow([], 0, { isUndecided: true })
  expect(shard.mayConfirm(later)).toBe(false)
  claim(0)
  shard.tick(999)
  expect(outcomes).toEqual([])
  shard.tick(1_000)
  expect(outcomes).toEqual(['unavailable'])
  shard.follow([], 2_000)
  claim(2_000)
  expect(outcomes).toEqual(['unavailable', 'confirmed'])
})
