// Writes of which nothing is done yet.
import { expect, test } from 'vitest'
import type { Operation } from '../src/replication/copy.ts'
import { SubmittedWrites, type SubmittedWrite } from '../src/replication/submitted-writes.ts'

function written(id: string, until: number, bytes: Uint8Array = new Uint8Array()): SubmittedWrite {
  const events = [{ manifest: 'text', version: 0, timestamp: 0, bytes }]
  const operation: Operation = { type: 'append', epoch: 1, expectedSequenceNr: 0, events }
  return { id, operation, until, settle: () => {} }
}

const idsOf = (writes: readonly SubmittedWrite[]): readonly string[] => writes.map(({ id }) => id)

test('they are done in their order, each once', () => {
  const submitted = new SubmittedWrites()
  for (const id of ['b', 'a', 'b']) submitted.add(written(id, 5))
  expect(idsOf(submitted.takeAll())).toEqual(['b', 'a', 'b'])
  expect([submitted.isEmpty, submitted.takeAll()]).toEqual([true, []])
})

test('those that have waited for too long are not done', () => {
  const submitted = new SubmittedWrites()
  for (const [index, id] of ['a', 'b', 'c'].entries()) submitted.add(written(id, 10 + index))
  expect(submitted.nextDeadline()).toBe(10)
  expect(idsOf(submitted.takeLate(9))).toEqual([])
  expect(idsOf(submitted.takeLate(11))).toEqual(['a', 'b'])
  expect(submitted.nextDeadline()).toBe(12)
  expect(idsOf(submitted.takeAll())).toEqual(['c'])
  expect(submitted.nextDeadline()).toBe(Infinity)
})

test('bytes may change once a write waits', () => {
  const submitted = new SubmittedWrites()
  const bytes = Uint8Array.of(1)
  submitted.add(written('a', 5, bytes))
  bytes[0] = 9
  expect(submitted.takeAll()).toMatchObject([
    { operation: { events: [{ bytes: Uint8Array.of(1) }] } },
  ])
})

test('so many wait at most', () => {
  const submitted = new SubmittedWrites()
  const write = written('a', 5)
  for (let left = 10_000; left > 0; left--) expect(submitted.add(write)).toBe(true)
  expect(submitted.add(write)).toBe(false)
  expect(submitted.takeAll()).toHaveLength(10_000)
})
