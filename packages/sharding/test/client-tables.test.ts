// What clients are told of the table.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeAddress, NodeIdentity } from '@casty/transport'
import { ShardTable, type Change } from '@casty/sharding'
import { LearntTable } from '../src/client/learnt-table.ts'
import { messagesBetween } from '../src/client/table-changes.ts'
import { decodeTableMessage, encodeTableMessage } from '../src/client/table-frames.ts'

const owners = ['a', 'b', 'c'].map((host) => NodeIdentity.of(NodeAddress.of(host, 1), 1))

const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .record({ name: fc.constantFrom('x', 'y'), numShards: fc.constantFrom(4, 8) })
    .map(({ name, numShards }): Change => ({
      type: 'type',
      census: 0,
      settings: { name, numShards, replicas: 0, disks: 0 },
    })),
  fc
    .record({
      typeName: fc.constantFrom('x', 'y'),
      shard: fc.nat(7),
      epoch: fc.nat(100),
      owner: fc.constantFrom(...owners, undefined),
    })
    .map(({ typeName, shard, epoch, owner }): Change => {
      const row = {
        epoch,
        owner,
        movingTo: undefined,
        replicas: [],
        lineage: 0,
        isUndecided: false,
        isReplicated: false,
        isDecided: false,
      }
      return { type: 'shards', typeName, rows: [{ shard, row }] }
    }),
)

/** Tables that follow on each other. */
const tables = fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 12 }).map((batches) => {
  let table = ShardTable.empty
  return batches.map((changes, at) => {
    table = table.with({ version: { term: 1, seq: at + 1 }, changes })
    return table
  })
})

/** Over the wire. */
function tell(learnt: LearntTable, known: ShardTable, table: ShardTable): boolean {
  return messagesBetween(known, table).every((content) => {
    const bytes = encodeTableMessage({ type: 'told', dataCenter: 'default', content })
    const message = decodeTableMessage(bytes)
    return message.type === 'told' && learnt.learn(message.content) !== undefined
  })
}

function rowsOf(table: ShardTable): unknown {
  return [...table.types].map(([name, { settings, rows }]) => ({
    name,
    settings,
    rows: rows.map(({ epoch, owner }) => `${owner?.key} ${epoch}`),
  }))
}

describe('The table of a client', () => {
  test('becomes that of the member, whichever changes are told together', () => {
    fc.assert(
      fc.property(tables, fc.infiniteStream(fc.boolean()), (all, isTold) => {
        const learnt = new LearntTable()
        let known = ShardTable.empty
        for (const table of all) {
          if (isTold.next().value === true) continue
          expect(tell(learnt, known, table)).toBe(true)
          known = table
          expect(rowsOf(learnt.table)).toEqual(rowsOf(table))
          expect(learnt.table.version).toEqual(table.version)
        }
      }),
    )
  })

  test('stays as it is where what is told leads on from another one', () => {
    const settings = { name: 'x', numShards: 4, replicas: 0, disks: 0 }
    const first = ShardTable.empty.with({
      version: { term: 1, seq: 1 },
      changes: [{ type: 'type', settings, census: 0 }],
    })
    const second = first.with({ version: { term: 1, seq: 2 }, changes: [] })
    const third = second.with({ version: { term: 1, seq: 3 }, changes: [] })
    const learnt = new LearntTable()
    expect(tell(learnt, ShardTable.empty, first)).toBe(true)
    expect(tell(learnt, second, third)).toBe(false)
    expect(learnt.table.version).toEqual(first.version)
    expect(tell(learnt, ShardTable.empty, third)).toBe(true) // Told whole, it does not matter what was there.
    expect(learnt.table.version).toEqual(third.version)
  })

  test('is told whole and in pieces where much of it is other', () => {
    const rows = Array.from({ length: 5_000 }, (_, shard) => ({
      shard,
      row: {
        epoch: 1,
        owner: owners[0],
        movingTo: undefined,
        replicas: [],
        lineage: 0,
        isUndecided: false,
        isReplicated: false,
        isDecided: false,
      },
    }))
    const settings = { name: 'x', numShards: 5_000, replicas: 0, disks: 0 }
    const small = ShardTable.empty.with({
      version: { term: 1, seq: 1 },
      changes: [{ type: 'type', settings, census: 0 }],
    })
    const large = small.with({
      version: { term: 1, seq: 2 },
      changes: [{ type: 'shards', typeName: 'x', rows }],
    })
    expect(messagesBetween(small, large).map(({ type }) => type)).toEqual(
      Array.from({ length: 3 }, () => 'snapshot'),
    )
    const learnt = new LearntTable()
    expect(tell(learnt, small, large)).toBe(true)
    expect(learnt.table.row('x', 4_999).owner?.key).toBe(owners[0]?.key)
  })
})

test.each(['uses', 'leaving', 'let-go'] as const)('the word %s comes as it was sent', (type) => {
  expect(decodeTableMessage(encodeTableMessage({ type }))).toEqual({ type })
})

test('words about tables are refused with one error where they are none', () => {
  const told = encodeTableMessage({
    type: 'has',
    dataCenter: 'default',
    version: { term: 1, seq: 2 },
  })
  expect(decodeTableMessage(told)).toEqual({
    type: 'has',
    dataCenter: 'default',
    version: { term: 1, seq: 2 },
  })
  const damaged = fc.record({ place: fc.nat(told.length - 1), byte: fc.nat(255) }).map((each) => {
    const bytes = told.slice()
    bytes[each.place] = each.byte
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 40 })), (bytes) => {
      try {
        expect(decodeTableMessage(bytes).type).toBeTypeOf('string')
      } catch (error) {
        expect(error).toMatchObject({ code: 'CASTY_TRANSPORT_MALFORMED' })
      }
    }),
    { numRuns: 1_000 },
  )
})
