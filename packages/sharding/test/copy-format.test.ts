// Operations, copies and lineages as bytes, on the wire and on disks.
import { ByteReader, ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import type { Operation, Piece } from '../src/replication/copy.ts'
import {
  readEntry,
  readLineage,
  readPiece,
  writeEntry,
  writeLineage,
  writePiece,
} from '../src/replication/copy-format.ts'
import type { Lineage } from '../src/replication/lineage.ts'

const record = { manifest: 'm', version: 2, timestamp: 300, bytes: Uint8Array.of(1, 2) }
const snapshot = { ...record, sequenceNr: 4 }
const [previous, version] = [
  { epoch: 5, count: 8 },
  { epoch: 6, count: 9 },
]

const piece: Piece = {
  id: 'a',
  version,
  head: { sequenceNr: 4, epoch: 6, deletedTo: 2 },
  offset: 1,
  events: [{ ...record, sequenceNr: 4, epoch: 5 }],
  snapshots: [snapshot],
  isLast: true,
}
const lineage: Lineage = { bornIn: 300, isConfirmed: true }

function written<T>(write: (writer: ByteWriter, value: T) => void, value: T): string {
  const writer = new ByteWriter()
  write(writer, value)
  return Buffer.from(writer.finish()).toString('hex')
}

function read<T>(readOne: (reader: ByteReader) => T, hex: string): T {
  const reader = new ByteReader(Uint8Array.from(Buffer.from(hex, 'hex')))
  const value = readOne(reader)
  reader.end()
  return value
}

const operations: readonly (readonly [Operation, string])[] = [
  [
    { type: 'append', epoch: 6, expectedSequenceNr: 3, events: [record] },
    '01070301016d02ac02020102',
  ],
  [{ type: 'claim', epoch: 6 }, '0207'],
  [{ type: 'save-snapshot', epoch: undefined, snapshot }, '030004016d02ac02020102'],
  [{ type: 'delete-events', epoch: 6, toSequenceNr: 3 }, '040703'],
  [{ type: 'delete-snapshots', epoch: undefined, toSequenceNr: 3 }, '050003'],
]

// Disks outlive versions of this package: what was ever written so is read for good.
test.each(operations)('an entry is on disks as it was first written: %o', (operation, bytes) => {
  const entry = { id: 'a', previous, version, operation }
  const hex = `016105080609${bytes}`
  expect(written(writeEntry, entry)).toBe(hex)
  expect(read(readEntry, hex)).toEqual(entry)
})

test('a piece of a copy is on disks as it was first written', () => {
  const hex = '0161060904060201010105016d02ac020201020104016d02ac02020102'
  expect(written(writePiece, piece)).toBe(hex)
  expect(read(readPiece, hex)).toEqual(piece)
})

test('a lineage is on disks as it was first written', () => {
  expect(written(writeLineage, lineage)).toBe('ac0201')
  expect(read(readLineage, 'ac0201')).toEqual(lineage)
})

test('an operation that nobody knows is refused', () => {
  expect(() => read(readEntry, '0161050806090907')).toThrow(
    expect.objectContaining({ code: 'CASTY_TRANSPORT_MALFORMED' }),
  )
})
