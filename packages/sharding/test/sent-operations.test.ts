// Operations on their way to one replica: what is acknowledged, late or lost.
import { expect, test } from 'vitest'
import type { ReplicatedEntry } from '../src/replication/messages.ts'
import { Patience } from '../src/replication/patience.ts'
import { SentOperations } from '../src/replication/sent-operations.ts'

const at = (count: number) => ({ epoch: 3, count })

/** The one that makes that version of it. */
function entry(id: string, count: number): ReplicatedEntry {
  const previous = count === 1 ? { epoch: 0, count: 0 } : at(count - 1)
  return { id, previous, version: at(count), operation: { type: 'claim', epoch: 3 } }
}

function sent(
  ...entries: readonly (readonly [id: string, count: number, now: number])[]
): SentOperations {
  const operations = new SentOperations(new Patience())
  for (const [id, count, now] of entries) operations.send(entry(id, count), now)
  return operations
}

test('an operation is sent to a copy that will be where it belongs, and to no other', () => {
  const operations = sent(['a', 1, 0])
  expect(operations.mayFollow(entry('a', 2))).toBe(true)
  expect(operations.mayFollow(entry('a', 3))).toBe(false)
  expect(operations.mayFollow(entry('b', 1))).toBe(true)
  operations.noteCopy('b', at(4))
  expect(operations.mayFollow(entry('b', 1))).toBe(false)
  expect(operations.mayFollow(entry('b', 5))).toBe(true)
})

test('what was told counts as acknowledged only where it is stored', () => {
  const operations = sent()
  operations.told({ id: 'a', version: at(1) }, true)
  operations.told({ id: 'b', version: at(1) }, false)
  expect([operations.has('a', at(1)), operations.has('b', at(1))]).toEqual([true, false])
  expect([operations.keeps, operations.mayFollow(entry('b', 2))]).toEqual([1, true])
})

test('the first of a turn is told of, and what leaves at its end is in order', () => {
  const operations = sent()
  expect(operations.outboxSince(7)).toBe(7)
  expect([entry('b', 1), entry('a', 1)].map((one) => operations.send(one, 3))).toEqual([
    true,
    false,
  ])
  expect(operations.outboxSince(7)).toBe(3)
  expect(operations.takeOutbox().map(({ id }) => id)).toEqual(['b', 'a'])
  expect(operations.takeOutbox()).toEqual([])
  expect(operations.send(entry('a', 2), 4)).toBe(true)
})

test('an acknowledgement tells of what is new in it, each time something is', () => {
  const operations = sent(['a', 1, 0], ['b', 1, 0])
  const copies = [
    { id: 'a', version: at(1) },
    { id: 'b', version: at(1) },
  ]
  expect(operations.acknowledge(copies, 5)).toEqual(['a', 'b'])
  expect(operations.acknowledge(copies, 6)).toEqual([])
  expect(operations.openCount).toBe(0)
})

test('what is not acknowledged is late after as long as the replica is waited for, the oldest first', () => {
  const patience = new Patience()
  const operations = new SentOperations(patience)
  expect(operations.nextDeadline()).toBe(Infinity)
  operations.send(entry('a', 1), 20)
  operations.send(entry('b', 1), 100)
  expect(operations.nextDeadline()).toBe(520)
  patience.ranOut()
  expect(operations.nextDeadline()).toBe(1_020)
  operations.close('a')
  expect(operations.nextDeadline()).toBe(1_100)
})

test('while others are acknowledged an operation is waited for longer, and not for ever', () => {
  const operations = sent(['a', 1, 0])
  for (let now = 400; now < 2_000; now += 400) {
    operations.send(entry(`b${now}`, 1), now)
    operations.acknowledge([{ id: `b${now}`, version: at(1) }], now)
    expect(operations.nextDeadline()).toBeGreaterThan(now)
  }
  expect(operations.nextDeadline()).toBe(2_000)
})

test('an id of which more is under way is waited for anew', () => {
  const operations = sent(['a', 1, 0], ['a', 2, 10])
  operations.acknowledge([{ id: 'a', version: at(1) }], 400)
  expect([...operations.open()]).toEqual(['a'])
  expect(operations.nextDeadline()).toBeGreaterThanOrEqual(900)
})

test('what was sent before something that has arrived is lost, and what came after it is not', () => {
  const operations = sent(['a', 1, 0], ['b', 1, 10], ['c', 1, 20])
  expect(operations.takeLost(20)).toEqual(['a', 'b'])
  expect([...operations.open()]).toEqual(['c'])
  expect(operations.takeLost(20)).toEqual([])
})

test('what is owed is owed until it is acknowledged, or is no more', () => {
  const operations = sent(['a', 1, 0], ['b', 1, 0])
  operations.acknowledge([{ id: 'a', version: at(1) }], 1)
  operations.owe('a', at(1))
  expect(operations.isOwed).toBe(false)
  operations.owe('b', at(2))
  operations.acknowledge([{ id: 'b', version: at(1) }], 2)
  expect(operations.isOwed).toBe(true)
  operations.acknowledge([{ id: 'b', version: at(3) }], 3)
  expect(operations.isOwed).toBe(false)
  operations.owe('c', at(1))
  operations.forgive('c')
  expect(operations.isOwed).toBe(false)
})
