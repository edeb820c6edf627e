import { ByteReader, ByteWriter } from '@casty/transport'
import { expect, test } from 'vitest'
import { Intake } from '../src/kinds/queue/intake.ts'
import { Items } from '../src/kinds/queue/items.ts'
import type { EnqueueTerms, QueueConfig } from '../src/kinds/queue/queue-calls.ts'
import { callOf, TestSurroundings } from './surroundings.ts'

const terms: EnqueueTerms = { delayMs: 0, ttlMs: 0, priority: 0, dedupId: '', enqueuedAt: 0 }
const room: QueueConfig = {
  shards: 1,
  maxDeliveries: 0,
  maxSize: 2,
  waitsWhenFull: 1,
  dedupWindowMs: 100,
}

class World {
  readonly around = new TestSurroundings()
  readonly items = new Items()
  readonly intake: Intake

  constructor(limits: Partial<QueueConfig> = {}) {
    this.intake = new Intake(this.items, () => ({ ...room, ...limits }))
  }

  /** @returns `parked`, or the number of the last item, and whether it was there already */
  enqueue(call: number, values: string, some: Partial<EnqueueTerms> = {}): string {
    const out = new ByteWriter(16)
    const all = { ...terms, ...some }
    const came = this.intake.enqueue(callOf(call), all, values.split(''), out, this.around)
    return came === 'parked' ? came : told(new ByteReader(out.finish()))
  }

  /** Takes out what comes next. */
  take(): void {
    const item = this.items.first()
    if (item) this.items.remove(item)
    this.intake.makeRoom(this.around)
  }

  settled(call: number): string | undefined {
    const answer = this.around.settled.get(call)
    return answer && told(answer)
  }
}

function told(answer: ByteReader): string {
  const isKnown = answer.bool()
  return `${isKnown ? 'known' : 'new'} ${answer.varint()}`
}

test('who finds no room waits, and gets it in its turn though less of it would do for another', () => {
  const world = new World()
  expect(world.enqueue(1, 'a')).toBe('new 1')
  expect(world.enqueue(2, 'bc')).toBe('parked')
  expect(world.enqueue(3, 'd')).toBe('parked')
  world.take()
  expect([world.settled(2), world.settled(3)]).toEqual(['new 3', undefined])
  world.take()
  expect(world.settled(3)).toBe('new 4')
})

test('who may not wait is refused, and so is more than ever fits', () => {
  const world = new World({ waitsWhenFull: 0 })
  world.enqueue(1, 'ab')
  expect(() => world.enqueue(2, 'c')).toThrow(
    expect.objectContaining({ code: 'CASTY_DDATA_QUEUE_FULL', requested: 3 }),
  )
  expect(() => new World().enqueue(1, 'abc')).toThrow(
    expect.objectContaining({ code: 'CASTY_DDATA_QUEUE_FULL', field: 'atOnce' }),
  )
})

test('one of the same id is the item that is there, while it is remembered', () => {
  const world = new World()
  expect(world.enqueue(1, 'a', { dedupId: 'x' })).toBe('new 1')
  expect(world.enqueue(2, 'a', { dedupId: 'x' })).toBe('known 1')
  world.around.now = 101
  expect(world.enqueue(3, 'a', { dedupId: 'x' })).toBe('new 2')
})

test('two of the same id that wait for room become one item', () => {
  const world = new World({ maxSize: 1 })
  world.enqueue(1, 'a')
  world.enqueue(2, 'b', { dedupId: 'x' })
  world.enqueue(3, 'b', { dedupId: 'x' })
  world.take()
  expect([world.settled(2), world.settled(3)]).toEqual(['new 2', 'known 2'])
})

test('who does not wait any more takes nobody’s place', () => {
  const world = new World()
  world.enqueue(1, 'ab')
  world.enqueue(2, 'cd')
  expect(world.intake.withdraw(callOf(2))).toBe(true)
  expect(world.intake.withdraw(callOf(2))).toBe(false)
  expect(world.intake.hasWaiting).toBe(false)
})

test('who takes over knows who waits', () => {
  const [world, other] = [new World(), new World()]
  world.enqueue(1, 'ab')
  world.enqueue(2, 'c', { priority: 3 })
  for (const piece of world.intake.saveGivers(5, 1_000)) {
    const reader = new ByteReader(piece)
    reader.u8()
    while (reader.remaining > 0) other.intake.restoreGiver(reader)
  }
  expect(other.intake.clear()).toEqual([callOf(2)])
})
