import { expect, test } from 'vitest'
import type { JournalRecord } from '@casty/persistence'
import { Copy } from '../src/replication/copy.ts'
import { ReplicationWorld } from './replication-world.ts'

const eventBytes = 100

const eventOf = (value: number, sizeBytes: number = eventBytes): JournalRecord => ({
  manifest: 'event',
  version: 0,
  timestamp: 0,
  bytes: new Uint8Array(sizeBytes).fill(value),
})

function append(copy: Copy, value: number, sizeBytes?: number): void {
  const expectedSequenceNr = copy.head.sequenceNr
  const events = [eventOf(value, sizeBytes)]
  copy.apply({ type: 'append', epoch: 1, expectedSequenceNr, events }, Infinity)
}

const eventsOf = (copy: Copy): readonly Uint8Array[] =>
  copy.piece(0, Infinity).events.map(({ bytes }) => bytes)

/** What is kept in memory for these. */
const heldBytes = (events: readonly Uint8Array[]): number =>
  [...new Set(events.map(({ buffer }) => buffer))].reduce(
    (sum, { byteLength }) => sum + byteLength,
    0,
  )

test('events of a copy share arrays, each with its own part of one', () => {
  const copy = new Copy('a')
  for (let value = 0; value < 1_000; value++) append(copy, value % 256)
  const events = eventsOf(copy)
  expect(events.map(([first]) => first)).toEqual(events.map((_, index) => index % 256))
  expect(events.every((bytes) => new Set(bytes).size === 1)).toBe(true)
  expect(new Set(events.map(({ buffer }) => buffer)).size).toBeLessThan(100)
  expect(heldBytes(events)).toBeLessThan(1_300 * eventBytes)
})

test.each([1, 7, 500, 999])('%i events that are deleted leave nothing behind', (count) => {
  const copy = new Copy('a')
  for (let value = 0; value < 1_000; value++) append(copy, value % 256)
  copy.apply({ type: 'delete-events', epoch: 1, toSequenceNr: count }, Infinity)
  append(copy, 1_000 % 256)
  const left = eventsOf(copy)
  expect(left.map(([first]) => first)).toEqual(left.map((_, index) => (count + index) % 256))
  expect(heldBytes(left)).toBeLessThan(1.3 * left.length * eventBytes + 1)
})

test.each([
  [100, 2_000],
  [1, 2_048],
  [1_000, 30],
])('events of %i and %i bytes in turn leave little free between them', (one, other) => {
  const copy = new Copy('a')
  for (let count = 0; count < 500; count++) append(copy, 1, count % 2 === 0 ? one : other)
  expect(heldBytes(eventsOf(copy))).toBeLessThan(1.4 * 250 * (one + other))
})

test('the last of events that are deleted may have an array of its own, and the others leave nothing behind either', () => {
  const copy = new Copy('a')
  for (let count = 0; count < 1_000; count++) append(copy, 1)
  append(copy, 2, 10_000)
  append(copy, 3)
  copy.apply({ type: 'delete-events', epoch: 1, toSequenceNr: 1_001 }, Infinity)
  expect(eventsOf(copy)).toEqual([eventOf(3).bytes])
  expect(heldBytes(eventsOf(copy))).toBe(eventBytes)
})

test('a copy that lets its oldest event go with each that it gets keeps little besides them', () => {
  const copy = new Copy('a')
  for (let value = 0; value < 1_000; value++) append(copy, value % 256)
  for (let count = 1; count <= 1_000; count++) {
    append(copy, (999 + count) % 256)
    copy.apply({ type: 'delete-events', epoch: 1, toSequenceNr: count }, Infinity)
  }
  const left = eventsOf(copy)
  expect(left.map(([first]) => first)).toEqual(left.map((_, index) => (1_000 + index) % 256))
  expect(left.every((bytes) => new Set(bytes).size === 1)).toBe(true)
  expect(heldBytes(left)).toBeLessThan(1_300 * eventBytes)
})

test('however many events are deleted, the others keep little besides them', () => {
  for (let count = 960; count < 1_000; count++) {
    const copy = new Copy('a')
    for (let value = 0; value < 1_000; value++) append(copy, 1)
    copy.apply({ type: 'delete-events', epoch: 1, toSequenceNr: count }, Infinity)
    expect(heldBytes(eventsOf(copy))).toBeLessThan(1.3 * (1_000 - count) * eventBytes)
  }
})

test('events in a Buffer, and what is read of them, are copies', () => {
  const copy = new Copy('a')
  const bytes = Buffer.from('event')
  const events = [{ ...eventOf(0), bytes }]
  copy.apply({ type: 'append', epoch: 1, expectedSequenceNr: 0, events }, Infinity)
  bytes.fill(0)
  copy.read(1)?.bytes.fill(1)
  const kept = copy.read(1)?.bytes
  expect(kept).toEqual(new TextEncoder().encode('event'))
  expect(heldBytes(eventsOf(copy))).toBe(5)
})

test('a write that waits for its turn has bytes of its own', async () => {
  const world = new ReplicationWorld(2)
  const shard = world.own(0, 1)
  const event = eventOf(1)
  const appended = world
    .journal(shard)
    .append('a', { epoch: 1, expectedSequenceNr: 0, events: [event] })
  event.bytes.fill(2)
  world.settle()
  await appended
  for (const { copies } of world.nodes) {
    expect(copies.find('a')?.read(1)?.bytes).toEqual(new Uint8Array(eventBytes).fill(1))
  }
})
