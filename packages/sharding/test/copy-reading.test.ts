// What records of a journal tell of copies, in the order in which they were written.
import { expect, test } from 'vitest'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import { CopyReading } from '../src/replication/copy-reading.ts'
import {
  forgottenRecord,
  lineageRecord,
  operationRecord,
  pieceRecord,
} from '../src/replication/copy-records.ts'
import type { JournalRecord } from '@casty/persistence'

/** What a node does to its copies, as records. */
class Writer {
  readonly copies: ShardCopies = new ShardCopies(new CopyRoom(1_000_000_000))

  /** One more event of that size. */
  append(id: string, sizeBytes = 1): JournalRecord {
    const previous = this.copies.version(id)
    const version = { epoch: 5, count: previous.count + 1 }
    const expectedSequenceNr = this.copies.headOf(id).sequenceNr
    const events = [
      { manifest: 'event', version: 0, timestamp: 0, bytes: new Uint8Array(sizeBytes) },
    ]
    const operation = { type: 'append', epoch: 5, expectedSequenceNr, events } as const
    this.copies.apply(id, operation, version)
    return operationRecord({ id, previous, version, operation }, 0)
  }

  /** The whole copy as it is, in pieces that hold about so much. */
  whole(id: string, pieceBytes = Infinity): readonly JournalRecord[] {
    const copy = this.copies.find(id)
    const records: JournalRecord[] = []
    for (let offset = 0; copy;) {
      const piece = copy.piece(offset, pieceBytes)
      records.push(pieceRecord(piece, 0))
      if (piece.isLast) break
      offset += piece.events.length
    }
    return records
  }
}

function read(...records: readonly JournalRecord[]): ShardCopies {
  const copies = new ShardCopies(new CopyRoom(1_000_000))
  const reading = new CopyReading('casty-copies/t/3', copies)
  for (const [index, record] of records.entries()) reading.take(record, index + 1)
  reading.end()
  return copies
}

test('operations that come twice, or behind a copy that has them, are passed over', () => {
  const writer = new Writer()
  const [first, second] = [writer.append('a'), writer.append('a')]
  for (const records of [
    [first, first, second, first, second],
    [...writer.whole('a'), first, second],
  ]) {
    expect(read(...records).headOf('a')).toEqual(writer.copies.headOf('a'))
    expect(read(...records).version('a')).toEqual(writer.copies.version('a'))
  }
})

test('an operation without what it was done to is made up for by a whole copy behind it, and by no other', () => {
  const writer = new Writer()
  writer.append('a')
  const before = writer.whole('a')
  const lost = writer.append('a')
  const third = writer.append('a')
  expect(() => read(third)).toThrow('Record 1 of casty-copies/t/3 is of another version of a')
  expect(() => read(third, ...before)).toThrow('Record 1 of casty-copies/t/3')
  const { epoch, count } = read(third, ...writer.whole('a')).version('a')
  expect([epoch, count]).toEqual([5, 3])
  expect(read(...before, lost, third).version('a')).toEqual({ epoch, count })
})

test('a copy comes in pieces, of which none may be missing', () => {
  const writer = new Writer()
  for (let left = 4; left > 0; left--) writer.append('a', 100)
  const pieces = writer.whole('a', 250)
  expect(pieces.length).toBeGreaterThan(1)
  expect(read(...pieces).headOf('a').sequenceNr).toBe(4)
  expect(() => read(...pieces.slice(1))).toThrow('is no next piece of a')
})

test('a copy for which there is no room is not left out', () => {
  const writer = new Writer()
  for (let left = 2; left > 0; left--) writer.append('a', 600_000)
  expect(() => read(...writer.whole('a'))).toThrow('There is no room for a')
})

test('what was forgotten is asked for no more, whatever was missing of it', () => {
  const writer = new Writer()
  writer.append('a')
  const [unfounded, b] = [writer.append('a'), writer.append('b')]
  const copies = read(
    lineageRecord({ bornIn: 4, isConfirmed: true }, 0),
    unfounded,
    forgottenRecord(0),
    b,
  )
  expect([...copies.ids()]).toEqual(['b'])
  expect(copies.lineage).toBeUndefined()
})
