import { ByteReader, ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { Deliveries } from '../src/kinds/queue/deliveries.ts'
import { Items, type Item } from '../src/kinds/queue/items.ts'
import { readLetters } from '../src/values/letters.ts'
import { callOf, TestSurroundings } from './surroundings.ts'

const visibilityMs = 1_000

class World {
  readonly around = new TestSurroundings()
  readonly items = new Items()
  readonly deliveries: Deliveries
  /** How often an item took no room any more. */
  roomsMade = 0

  constructor(maxDeliveries = 0) {
    const limits = { shards: 1, maxDeliveries, maxSize: 0, waitsWhenFull: 0, dedupWindowMs: 0 }
    this.deliveries = new Deliveries(
      this.items,
      () => limits,
      () => void (this.roomsMade += 1),
    )
  }

  add(value: string, some: Partial<Item> = {}): void {
    const number = this.around.nextCount()
    const stays = { expiresAt: Infinity, readyAt: 0, enqueuedAt: 0, priority: 0, reason: '' }
    this.items.add({ ...stays, number, value, state: 'ready', deliveries: 0, receipt: 0, ...some })
  }

  /** @returns what is delivered, or `parked` */
  reserve(call: number, max: number, waits = true): string {
    const input = new ByteWriter(9).varint(max).varint(visibilityMs).bool(waits).finish()
    const out = new ByteWriter(16)
    const { deliveries, around } = this
    const came = deliveries.reserve(callOf(call), new ByteReader(input), out, around)
    return came === 'parked' ? came : told(new ByteReader(out.finish()))
  }

  nack(number: number, receipt: number, delayMs = 0, isDead = false): boolean {
    const input = new ByteWriter(9).varint(number).varint(receipt).varint(delayMs).bool(isDead)
    const call = new ByteReader(input.string('a reason', 100).finish())
    return this.deliveries.nack(call, this.around)
  }
}

/** As `value#receipt`. */
function told(answer: ByteReader): string {
  const items: string[] = []
  for (let left = answer.count(1); left > 0; left--) {
    const [, receipt] = [answer.varint(), answer.varint(), answer.varint(), answer.varint()]
    items.push(`${readLetters(answer)}#${receipt}`)
  }
  return items.join(' ')
}

test('who waits is served in order, and nobody overtakes', () => {
  const world = new World()
  expect(world.reserve(1, 1)).toBe('parked')
  expect(world.reserve(2, 2)).toBe('parked')
  world.add('a')
  expect(world.reserve(3, 1, false)).toBe('')
  world.deliveries.serve(world.around)
  expect([...world.around.settled.keys()]).toEqual([1])
  world.add('b')
  world.deliveries.serve(world.around)
  expect([...world.around.settled.keys()]).toEqual([1, 2])
})

test('an item is worked on for a time, and acknowledged by its last delivery alone', () => {
  const world = new World()
  world.add('a')
  expect(world.reserve(1, 1)).toBe('a#2')
  expect(world.around.timers).toEqual(new Map([[2, visibilityMs]]))
  world.deliveries.timedOut(2, world.around)
  expect(world.reserve(1, 1)).toBe('a#3')
  expect(world.deliveries.ack(1, 2, world.around)).toBe(false)
  expect(world.deliveries.ack(1, 3, world.around)).toBe(true)
  expect([world.items.isEmpty, world.roomsMade]).toEqual([true, 1])
})

test('a late acknowledgement counts as long as nobody else got the item', () => {
  const world = new World()
  world.add('a')
  world.reserve(1, 1)
  world.deliveries.timedOut(2, world.around)
  expect(world.deliveries.ack(1, 2, world.around)).toBe(true)
})

test.each([
  { what: 'ready at once', delayMs: 0, isDead: false, state: 'ready', rooms: 0 },
  { what: 'delayed', delayMs: 5, isDead: false, state: 'delayed', rooms: 0 },
  { what: 'dead, and takes no room', delayMs: 0, isDead: true, state: 'dead', rooms: 1 },
])('what is returned is $what', ({ delayMs, isDead, state, rooms }) => {
  const world = new World()
  world.add('a')
  world.reserve(1, 1)
  expect(world.nack(1, 2, delayMs, isDead)).toBe(true)
  expect([world.items.find(1)?.state, world.roomsMade]).toEqual([state, rooms])
  expect(world.nack(1, 2)).toBe(false)
})

test('what was delivered too often is dead, and what has ended meanwhile is gone', () => {
  const world = new World(1)
  world.add('a')
  world.add('b', { expiresAt: 10 })
  world.reserve(1, 2)
  world.deliveries.timedOut(3, world.around)
  world.around.now = 10
  world.deliveries.timedOut(4, world.around)
  expect(world.items.find(1)).toMatchObject({
    state: 'dead',
    reason: expect.stringMatching('time'),
  })
  expect(world.items.find(2)).toBeUndefined()
})

test('who takes over knows who waits', () => {
  const [world, other] = [new World(), new World()]
  world.reserve(7, 3)
  for (const piece of world.deliveries.saveTakers(4, 1_000)) {
    const reader = new ByteReader(piece)
    reader.u8()
    while (reader.remaining > 0) other.deliveries.restoreTaker(reader)
  }
  expect(other.deliveries.clear()).toEqual([callOf(7)])
  expect(other.deliveries.hasWaiting).toBe(false)
})
