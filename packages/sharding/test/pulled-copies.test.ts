// Copies of a replica that go further than what its owner has.
import { expect, test } from 'vitest'
import { ShardCopies } from '../src/replication/copies.ts'
import { CopyRoom } from '../src/replication/copy-room.ts'
import type { Piece } from '../src/replication/copy.ts'
import { PulledCopies } from '../src/replication/pulled-copies.ts'

const at = (count: number) => ({ epoch: 3, count })

/** So many events of 100 bytes, in pieces of one each. */
function piecesOf(id: string, count: number): readonly Piece[] {
  const copies = copiesOf(id, count)
  const pieces: Piece[] = []
  for (let offset = 0; offset < count; offset++) {
    const piece = copies.find(id)?.piece(offset, 1)
    if (piece) pieces.push(piece)
  }
  return pieces
}

function copiesOf(id: string, count: number, maxBytes = 1_000_000): ShardCopies {
  const copies = new ShardCopies(new CopyRoom(maxBytes))
  for (let done = 0; done < count; done++) {
    const events = [{ manifest: 'event', version: 0, timestamp: 0, bytes: new Uint8Array(100) }]
    const operation = { type: 'append', epoch: 3, expectedSequenceNr: done, events } as const
    copies.apply(id, operation, at(done + 1))
  }
  return copies
}

test('only what goes further than what is here is taken, in the order in which it was told of', () => {
  const pulls = new PulledCopies(copiesOf('a', 2))
  const told = [
    { id: 'a', version: at(2) },
    { id: 'c', version: at(1) },
    { id: 'b', version: at(1) },
  ]
  for (const copy of told) pulls.told(copy)
  expect([pulls.next(), pulls.next(), pulls.next()]).toEqual(['c', 'b', undefined])
})

test('a copy comes piece by piece, and is taken over with the last', () => {
  const copies = new ShardCopies(new CopyRoom(1_000_000))
  const pulls = new PulledCopies(copies)
  const pieces = piecesOf('a', 3)
  expect(pulls.take(pieces[0])).toEqual({ type: 'more', id: 'a', offset: 1 })
  expect(pulls.take(pieces[1])).toEqual({ type: 'more', id: 'a', offset: 2 })
  expect(copies.count).toBe(0)
  expect(pulls.take(pieces[2])).toEqual({ type: 'installed', pieces })
  expect(copies.version('a')).toEqual(at(3))
})

test('where there is no such copy, or not the next piece of it, nothing is taken over', () => {
  const copies = new ShardCopies(new CopyRoom(1_000_000))
  const pulls = new PulledCopies(copies)
  const pieces = piecesOf('a', 3)
  expect(pulls.take(undefined)).toEqual({ type: 'nothing' })
  pulls.take(pieces[0])
  expect(pulls.take(pieces[2])).toEqual({ type: 'nothing' })
  pulls.take(pieces[0])
  pulls.clear()
  expect(pulls.take(pieces[1])).toEqual({ type: 'nothing' })
  expect(copies.count).toBe(0)
})

test('what another replica brought meanwhile stays', () => {
  const copies = copiesOf('a', 4)
  const [first, second] = piecesOf('a', 2)
  const pulls = new PulledCopies(copies)
  pulls.take(first)
  expect(pulls.take(second)).toEqual({ type: 'nothing' })
  expect(copies.version('a')).toEqual(at(4))
})

test('a copy for which there is no room is told of', () => {
  const pulls = new PulledCopies(new ShardCopies(new CopyRoom(150)))
  const [first, second] = piecesOf('a', 2)
  pulls.take(first)
  expect(pulls.take(second)).toEqual({ type: 'no-room', id: 'a' })
})

test('what is taken over brings its lineage along, and nothing comes to what is of another one', () => {
  const [piece] = piecesOf('a', 1)
  const empty = new ShardCopies(new CopyRoom(1_000_000))
  const pulls = new PulledCopies(empty)
  pulls.comeFrom({ bornIn: 2, isConfirmed: true })
  expect(pulls.take(piece)).toMatchObject({ type: 'installed' })
  expect(empty.lineage).toEqual({ bornIn: 2, isConfirmed: true })
  pulls.comeFrom({ bornIn: 1, isConfirmed: true })
  expect(pulls.take(piecesOf('b', 1)[0])).toEqual({ type: 'other-lineage' })
  expect(empty.count).toBe(1)
})
