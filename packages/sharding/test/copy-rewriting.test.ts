// All copies of a shard, written anew.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import { CopyReading } from '../src/replication/copy-reading.ts'
import { CopyRewriting, inAppends, isRewriteDue } from '../src/replication/copy-rewriting.ts'

function copiesOf(count: number, sizeBytes: number): ShardCopies {
  const copies = new ShardCopies(new CopyRoom(1_000_000_000))
  copies.comeFrom({ bornIn: 4, isConfirmed: true })
  for (let id = 0; id < count; id++) {
    const events = [
      { manifest: 'event', version: 0, timestamp: 0, bytes: new Uint8Array(sizeBytes) },
    ]
    const operation = { type: 'append', epoch: 5, expectedSequenceNr: 0, events } as const
    copies.apply(`e${id}`, operation, { epoch: 5, count: 1 })
  }
  return copies
}

test('it takes some copies at a time, and what it wrote tells of all of them', () => {
  const copies = copiesOf(30, 100_000)
  const rewriting = new CopyRewriting(copies, 77)
  const again = new ShardCopies(new CopyRoom(1_000_000_000))
  const reading = new CopyReading('t', again)
  let times = 0
  for (; !rewriting.isDone; times++) {
    const records = rewriting.next(times)
    expect(records.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(1_300_000)
    for (const record of records) reading.take(record, 1)
  }
  reading.end()
  expect(times).toBe(3)
  expect(rewriting.upTo).toBe(77)
  expect(again.position).toEqual(copies.position)
  expect(again.sizeBytes).toBe(copies.sizeBytes)
  expect(again.lineage).toEqual(copies.lineage)
})

test('it begins where the log is twice as long as the copies, and long', () => {
  expect(isRewriteDue(1_000_000, 10)).toBe(false)
  expect(isRewriteDue(1_100_000, 10)).toBe(true)
  expect(isRewriteDue(9_000_000, 5_000_000)).toBe(false)
  expect(isRewriteDue(11_000_000, 5_000_000)).toBe(true)
})

test('records go in as many appends as they have to, in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60)), (sizes) => {
      const records = sizes.map((size, index) => {
        return { manifest: 'x', version: index, timestamp: 0, bytes: new Uint8Array(size) }
      })
      const parts = inAppends(records, { maxBatchEvents: 4, maxBatchBytes: 100 })
      expect(parts.flat()).toEqual(records)
      for (const [index, part] of parts.entries()) {
        expect(part.length).toBeLessThanOrEqual(4)
        const bytes = part.reduce((sum, record) => sum + record.bytes.length, 0)
        expect(bytes).toBeLessThanOrEqual(100)
        const [next] = parts[index + 1] ?? []
        if (next && part.length < 4) expect(bytes + next.bytes.length).toBeGreaterThan(100)
      }
    }),
  )
})
