import { expect, test } from 'vitest'
import { ArrivingCopy } from '../src/replication/arriving-copy.ts'
import type { Piece } from '../src/replication/copy.ts'

function piece(count: number, offset: number, isLast = false): Piece {
  const version = { epoch: 1, count }
  const head = { sequenceNr: count, epoch: 1, deletedTo: 0 }
  const event = { manifest: '', version: 1, timestamp: 0, bytes: new Uint8Array(4), epoch: 1, sequenceNr: offset + 1 } // prettier-ignore
  return { id: 'a', version, head, offset, events: [event], snapshots: [], isLast }
}

test('pieces are taken one after the other', () => {
  const arriving = new ArrivingCopy()
  expect([arriving.take(piece(2, 0)), arriving.take(piece(2, 1, true))]).toEqual([1, 2])
  const { sizeBytes } = arriving
  expect(sizeBytes).toBeGreaterThan(0)
  expect(arriving.takeAll().map(({ offset }) => offset)).toEqual([0, 1])
  expect([arriving.sizeBytes, arriving.takeAll()]).toEqual([0, []])
})

test.each([
  ['one is missing', piece(2, 2)],
  ['one comes twice', piece(2, 0)],
  ['the next one is of another version', piece(3, 1)],
])('where %s, nothing but the first of a copy is kept', (_, next) => {
  const arriving = new ArrivingCopy()
  arriving.take(piece(2, 0))
  const kept = next.offset === 0 ? [next] : []
  expect(arriving.take(next)).toBe(kept.length === 0 ? undefined : 1)
  expect(arriving.takeAll()).toEqual(kept)
})
