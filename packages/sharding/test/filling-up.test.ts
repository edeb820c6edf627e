// While those that are to keep copies have yet to be filled, what was confirmed may be with others that the table named before.
import { expect, test } from 'vitest'
import { planShards } from '../src/coordinator/plan.ts'
import type { Situation } from '../src/coordinator/situation.ts'
import type { ReplicatedShardReport } from '../src/protocol.ts'
import type { ShardRow } from '../src/table/shard-row.ts'
import { ShardTable } from '../src/table/shard-table.ts'
import { DiskWorld } from './disk-world.ts'
import { nodeOf, situationOf, viewOf } from './situation.ts'

const [a, b, c, d] = [nodeOf('a'), nodeOf('b'), nodeOf('c'), nodeOf('d')]
const settings = { name: 'kept', numShards: 1, replicas: 1, disks: 2 }
const begun: ShardRow = {
  epoch: 100,
  owner: a,
  movingTo: undefined,
  replicas: [b],
  lineage: 100,
  isUndecided: false,
  isReplicated: false,
  isDecided: false,
}

/** What becomes of a row. */
function next(
  row: ShardRow,
  known: Partial<Situation> & { readonly here?: string } = {},
): ShardRow {
  const table = ShardTable.empty.with({
    version: { term: 1, seq: 1 },
    changes: [
      { type: 'type', settings, census: 100 },
      { type: 'shards', typeName: 'kept', rows: [{ shard: 0, row }] },
    ],
  })
  const situation = situationOf({
    view: viewOf(...(known.here ?? 'a b c').split(' ')),
    types: new Map([['kept', settings]]),
    maxMovingShare: 0,
    maxMoving: 0,
    ...known,
  })
  const { changes } = planShards(table, situation)
  return table.with({ version: { term: 1, seq: 2 }, changes }).row('kept', 0)
}

function told(row: ShardRow, superfluous: ShardRow['replicas'] = []): ReplicatedShardReport {
  return { typeName: 'kept', shard: 0, epoch: row.epoch, replicas: row.replicas, superfluous }
}

test('a row is replicated once its owner has told so of just that row', () => {
  expect(next(begun)).toEqual(begun)
  expect(next(begun, { replicated: () => told(begun) })).toEqual({ ...begun, isReplicated: true })
})

test('it stays so where former replicas go, and while it is about to move', () => {
  const row = { ...begun, isReplicated: true, replicas: [b, c] }
  const without = { ...row, replicas: [b] }
  expect(next(row, { replicated: () => told(row, [c]) })).toEqual(without)
  const moving = { ...without, movingTo: c }
  expect(next(moving)).toEqual(moving)
})

test('it is not so any more once another is to keep copies, has it, or has another epoch', () => {
  const row = { ...begun, isReplicated: true }
  const other = next(row, { here: 'a c' })
  expect(other).toMatchObject({ replicas: [c], isReplicated: false })
  const moved = next({ ...row, movingTo: c }, { releasedAt: () => 100 })
  expect(moved).toMatchObject({ owner: c, isReplicated: false })
  const raised = next(row, { refused: () => ({ epoch: 100, written: 200 }) })
  expect(raised).toMatchObject({ owner: a, epoch: 201, isReplicated: false })
})

test('it is not so any more, either, once one is gone that may have counted in the place of one that leaves', () => {
  const row = { ...begun, isReplicated: true, replicas: [b, c] }
  const without = { ...row, replicas: [b] }
  expect(next(row, { here: 'a b' })).toEqual({ ...without, isReplicated: false })
  expect(next(row, { here: 'a b', replicated: () => told(row, [c]) })).toEqual(without)
})

test('what was told of a row that is another by now says nothing of that', () => {
  const after = next({ ...begun, replicas: [d] }, { replicated: () => told(begun) })
  expect(after).toMatchObject({ replicas: [b], isReplicated: false })
})

test('of all shards that are found to be replicated at once the table is told at once', async () => {
  await using disks = new DiskWorld({ replicas: 1 }, 200)
  await disks.start('a')
  await disks.settle()
  const [, changes] = disks.world.node('a').sharding.explain().tableVersion.split('.').map(Number)
  expect(disks.region('a').explain(199).owner).toBeDefined()
  expect(changes).toBeLessThan(10)
})
