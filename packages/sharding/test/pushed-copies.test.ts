// Copies that a replica is sent as a whole.
import { expect, test } from 'vitest'
import { Copy } from '../src/replication/copy.ts'
import type { ReplicatedEntry } from '../src/replication/messages.ts'
import { PushedCopies } from '../src/replication/pushed-copies.ts'

const entry = (id: string, count = 1): ReplicatedEntry => ({
  id,
  previous: { epoch: 3, count: count - 1 },
  version: { epoch: 3, count },
  operation: { type: 'claim', epoch: 3 },
})

/** So many events, of which one piece holds one. */
function copyOf(id: string, count: number): Copy {
  const copy = new Copy(id)
  for (let done = 0; done < count; done++) {
    const events = [{ manifest: 'event', version: 0, timestamp: 0, bytes: new Uint8Array(200_000) }]
    copy.apply({ type: 'append', epoch: 3, expectedSequenceNr: done, events }, Infinity)
  }
  return copy
}

test('what is done to a copy that is yet to be sent is in it, and to the one that is sent waits behind', () => {
  const pushes = new PushedCopies()
  pushes.add('a')
  pushes.add('b')
  expect(pushes.takes(entry('a'))).toBe(true)
  expect(pushes.takeNext()).toBe('a')
  pushes.begin(copyOf('a', 1), 0)
  expect([entry('a'), entry('b'), entry('c')].map((one) => pushes.takes(one))).toEqual([
    true,
    true,
    false,
  ])
  expect(pushes.current?.behind.map(({ id }) => id)).toEqual(['a'])
  expect([pushes.count, ...pushes.ids()]).toEqual([2, 'b', 'a'])
})

test('a copy is sent piece by piece, until the replica has all', () => {
  const pushes = new PushedCopies()
  const offsets = [pushes.begin(copyOf('a', 3), 0).offset]
  for (const next of [1, 2]) offsets.push(pushes.pieceFrom(next)?.offset ?? -1)
  expect(offsets).toEqual([0, 1, 2])
  expect(pushes.pieceFrom(3)).toBeUndefined()
  // Where the replica asks for it anew, it is not there.
  expect(pushes.pieceFrom(0)?.offset).toBe(0)
  pushes.end()
  expect([pushes.current, pushes.count]).toEqual([undefined, 0])
})

test('an empty copy is one piece', () => {
  const pushes = new PushedCopies()
  expect(pushes.begin(new Copy('a'), 0).isLast).toBe(true)
  expect(pushes.pieceFrom(0)).toBeUndefined()
})

test('where too much was done to a copy while it was sent, it is sent anew', () => {
  const pushes = new PushedCopies()
  pushes.begin(copyOf('a', 1), 0)
  for (let count = 1; count <= 1_000; count++) pushes.takes(entry('a', count))
  expect(pushes.has('a')).toBe(false)
  pushes.takes(entry('a', 1_001))
  expect(pushes.has('a')).toBe(true)
})

test('where there was no room one is sent again after a while', () => {
  const pushes = new PushedCopies()
  pushes.begin(copyOf('a', 1), 0)
  pushes.beginAgain()
  pushes.wasFull('a', 100)
  expect([pushes.lacksRoomFor('a'), pushes.lacksRoomFor('b')]).toEqual([true, false])
  expect([pushes.current, pushes.nextDeadline()]).toEqual([undefined, 600])
  expect([pushes.mayBegin(599), pushes.mayBegin(600)]).toEqual([false, true])
  expect(pushes.takeNext()).toBe('a')
  expect([pushes.takeNext(), pushes.nextDeadline()]).toEqual([undefined, Infinity])
  pushes.begin(copyOf('a', 1), 0)
  pushes.end()
  expect(pushes.lacksRoomFor('a')).toBe(false)
})
