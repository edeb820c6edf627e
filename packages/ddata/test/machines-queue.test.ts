// A queue against one that is plain, over calls, time, timers and takeovers.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ByteReader } from '@casty/transport'
import {
  queueCall,
  writeTerms,
  type QueueCall,
  type QueueConfig,
} from '../src/kinds/queue/queue-calls.ts'
import { QueueMachine } from '../src/kinds/queue/queue-machine.ts'
import { withdrawCode } from '../src/state/part-state.ts'
import { readLetters } from '../src/values/letters.ts'
import { MachineWorld, savedOf, sessionOf } from './machines-world.ts'

const seed = 13
const none: QueueConfig = {
  shards: 1,
  maxDeliveries: 0,
  maxSize: 0,
  waitsWhenFull: 0,
  dedupWindowMs: 6,
}
const value = (letter: number): Uint8Array => Uint8Array.of(letter)

interface Terms {
  readonly delayMs: number
  readonly ttlMs: number
  readonly priority: number
  readonly dedupId: string
}

interface Delivered {
  readonly number: number
  readonly receipt: number
  readonly value: number
}

interface Item {
  readonly number: number
  readonly value: number
  readonly priority: number
  expiresAt: number
  state: 'ready' | 'delayed' | 'reserved' | 'dead'
  readyAt: number
  deliveries: number
  receipt: number
}

interface Giver {
  readonly session: string
  readonly number: number
  readonly value: number
  readonly terms: Terms
}

interface Taker {
  readonly session: string
  readonly number: number
  readonly max: number
}

function readDelivered(from: ByteReader): readonly Delivered[] {
  const all: Delivered[] = []
  for (let left = from.varint(); left > 0; left--) {
    const [number, receipt] = [from.varint(), from.varint()]
    from.varint()
    from.varint()
    all.push({ number, receipt, value: readLetters(from).charCodeAt(0) })
  }
  return all
}

const readEnqueued = (from: ByteReader): readonly [isKnown: boolean, number: number] => [
  from.bool(),
  from.varint(),
]

/** The queue as plainly as can be; which numbers and receipts there are, it is told. */
class Run {
  readonly config: QueueConfig
  readonly world = new MachineWorld(() => new QueueMachine())
  items: Item[] = []
  givers: Giver[] = []
  takers: Taker[] = []
  dedup = new Map<string, { readonly number: number; readonly until: number }>()
  deliveries: Delivered[] = []
  /** Who calls next: each waits for one thing at a time. */
  caller = 0
  lastNumber = 0

  constructor(config: QueueConfig) {
    this.config = config
  }

  get ready(): Item[] {
    return this.items
      .filter(({ state }) => state === 'ready')
      .toSorted((a, b) => b.priority - a.priority || a.number - b.number)
  }

  get size(): number {
    return this.items.filter(({ state }) => state !== 'dead').length
  }

  call<T>(
    name: QueueCall,
    write: (out: ReturnType<typeof queueCall>) => unknown,
    read: (from: ByteReader) => T,
  ) {
    const session = sessionOf(++this.caller)
    const out = queueCall(name, this.config)
    write(out)
    return { session, came: this.world.call(session, out.finish(), read) }
  }

  has(terms: Terms): number | undefined {
    const known = terms.dedupId === '' ? undefined : this.dedup.get(terms.dedupId)
    return known && known.until > this.world.now ? known.number : undefined
  }

  add(number: number, of: number, terms: Terms): void {
    const { now } = this.world
    expect(number).toBeGreaterThan(this.lastNumber)
    this.lastNumber = number
    this.items.push({
      number,
      value: of,
      priority: terms.priority,
      expiresAt: terms.ttlMs === 0 ? Infinity : now + terms.ttlMs + 1,
      state: terms.delayMs === 0 ? 'ready' : 'delayed',
      readyAt: terms.delayMs === 0 ? now : now + terms.delayMs + 1,
      deliveries: 0,
      receipt: 0,
    })
    if (terms.dedupId !== '') {
      this.dedup.set(terms.dedupId, { number, until: now + this.config.dedupWindowMs + 1 })
    }
  }

  fits(): boolean {
    return this.config.maxSize === 0 || this.size < this.config.maxSize
  }

  /** What follows from a change: those who wait get what they wait for, in order. */
  settle(): void {
    for (;;) {
      const [giver] = this.givers
      if (!giver) break
      const known = this.has(giver.terms)
      if (known === undefined && !this.fits()) break
      this.givers.shift()
      const came = this.world.answerOf(giver.session, giver.number, readEnqueued)
      expect(came).toEqual([known !== undefined, known ?? expect.any(Number)])
      if (known === undefined) this.add(Number(came[1]), giver.value, giver.terms)
    }
    for (;;) {
      const [taker] = this.takers
      if (!taker || this.ready.length === 0) break
      this.takers.shift()
      this.delivered(this.world.answerOf(taker.session, taker.number, readDelivered), taker.max)
    }
    for (const { session, number } of [...this.givers, ...this.takers]) {
      expect(this.world.answerOf(session, number, () => 'answered')).toBe('parked')
    }
    if (this.config.maxSize > 0) expect(this.size).toBeLessThanOrEqual(this.config.maxSize)
  }

  delivered(came: readonly Delivered[] | string, max: number): void {
    if (typeof came === 'string') throw new Error(came)
    const expected = this.ready.slice(0, max)
    expect(came.map(({ number }) => number)).toEqual(expected.map(({ number }) => number))
    for (const [index, item] of expected.entries()) {
      const { receipt, value: of } = came[index] ?? { receipt: 0, value: -1 }
      expect(of).toBe(item.value)
      expect(this.world.timers.has(receipt)).toBe(true)
      Object.assign(item, { state: 'reserved', receipt, deliveries: item.deliveries + 1 })
    }
    this.deliveries.push(...came)
  }

  return(item: Item, delayMs: number, isDead: boolean): void {
    const { maxDeliveries } = this.config
    if (item.expiresAt <= this.world.now) this.items = this.items.filter((one) => one !== item)
    else if (isDead || (maxDeliveries > 0 && item.deliveries >= maxDeliveries)) item.state = 'dead'
    else if (delayMs > 0) {
      item.state = 'delayed'
      item.readyAt = this.world.now + delayMs + 1
    } else item.state = 'ready'
  }

  due(): void {
    const { now } = this.world
    this.items = this.items.filter(
      ({ expiresAt, state }) => expiresAt > now || state === 'reserved' || state === 'dead',
    )
    for (const item of this.items)
      if (item.state === 'delayed' && item.readyAt <= now) item.state = 'ready'
  }

  step([what, a, b, c]: Step): void {
    const { world } = this
    const chosen = this.deliveries[a % Math.max(1, this.deliveries.length)]
    const held = this.items.find(
      ({ number, receipt }) => number === chosen?.number && receipt === chosen.receipt,
    )
    switch (what) {
      case 'enqueue': {
        const terms: Terms = {
          delayMs: c % 4 === 0 ? 4 : 0,
          ttlMs: b % 4 === 0 ? 9 : 0,
          priority: a % 3,
          dedupId: c % 2 === 0 ? `d${b % 2}` : '',
        }
        const known = this.has(terms)
        const write = (out: ReturnType<typeof queueCall>): unknown =>
          writeTerms(out, { ...terms, enqueuedAt: 0 }).bytes(value(a), 1)
        const { session, came } = this.call('enqueue', write, readEnqueued)
        if (known !== undefined) expect(came).toEqual([true, known])
        else if (this.fits() && this.givers.length === 0) {
          expect(came).toEqual([false, expect.any(Number)])
          this.add(Number(came[1]), a, terms)
        } else if (this.config.waitsWhenFull === 0) expect(came).toBe('CASTY_DDATA_QUEUE_FULL')
        else this.givers.push({ session, number: world.lastOf(session), value: a, terms })
        break
      }
      case 'dequeue': {
        const max = (a % 2) + 1
        const expected = this.ready.slice(0, max)
        const { came } = this.call('dequeue', (out) => out.varint(max), (from) => {
          const all: number[] = []
          for (let left = from.varint(); left > 0; left--) all.push(readLetters(from).charCodeAt(0))
          return all
        }) // prettier-ignore
        expect(came).toEqual(expected.map((item) => item.value))
        this.items = this.items.filter((item) => !expected.includes(item))
        break
      }
      case 'reserve': {
        const [max, waits] = [(a % 2) + 1, b % 2 === 0]
        const { session, came } = this.call('reserve', (out) => out.varint(max).varint(1_000).bool(waits), readDelivered)
        if (waits && this.ready.length === 0) {
          expect(came).toBe('parked')
          this.takers.push({ session, number: world.lastOf(session), max })
        } else this.delivered(came, max)
        break
      }
      case 'ack': {
        const receipt = c % 4 === 0 ? 0 : (chosen?.receipt ?? 0)
        const isHeld = receipt !== 0 && held !== undefined && held.state !== 'dead'
        const { came } = this.call('ack', (out) => out.count(1).varint(chosen?.number ?? a + 1).varint(receipt), (from) => from.varint())
        expect(came).toBe(isHeld ? 1 : 0)
        if (isHeld) this.items = this.items.filter((item) => item !== held)
        break
      }
      case 'nack': {
        const [delayMs, isDead] = [b % 3 === 0 ? 5 : 0, c % 3 === 0]
        const write = (out: ReturnType<typeof queueCall>): unknown =>
          out.varint(chosen?.number ?? 0).varint(chosen?.receipt ?? 0).varint(delayMs).bool(isDead).string('why', 10) // prettier-ignore
        const isHeld = held?.state === 'reserved'
        expect(this.call('nack', write, (from) => from.bool()).came).toBe(isHeld)
        if (isHeld) this.return(held, delayMs, isDead)
        break
      }
      case 'time-out':
        if (held?.state !== 'reserved') return
        world.timeOut(held.receipt)
        this.return(held, 0, false)
        break
      case 'time':
        world.passTime((c % 5) + 1)
        this.due()
        break
      case 'withdraw': {
        const waiting = [...this.givers, ...this.takers]
        const given = waiting[a % Math.max(1, waiting.length)]
        if (!given) return
        const call = Uint8Array.of(withdrawCode, given.number)
        expect(world.call(given.session, call, (from) => from.bool())).toBe(true)
        expect(world.answerOf(given.session, given.number, () => 'answered')).toBe('CASTY_DDATA_ABORTED')
        this.givers = this.givers.filter((one) => one !== given)
        this.takers = this.takers.filter((one) => one !== given)
        break
      }
      case 'redrive': {
        const dead = this.items.filter(({ state }) => state === 'dead')
        expect(this.call('redrive', (out) => out.count(0), (from) => from.varint()).came).toBe(dead.length)
        for (const item of dead) Object.assign(item, { state: 'ready', deliveries: 0, receipt: 0, expiresAt: Infinity })
        break
      }
      case 'clear':
        expect(this.call('clear', () => {}, () => 'done').came).toBe('done')
        this.items = this.items.filter(({ state }) => state === 'dead')
        break
      case 'take-over':
        world.takeOver(world.copies(a * 10 + 1)[b % 2] ?? world.state)
        return
    }
    this.settle()
  } // prettier-ignore

  check(): void {
    const { world } = this
    const counts = world.read(queueCall('stats', this.config).finish(), (from) =>
      Array.from({ length: 4 }, () => from.varint()),
    )
    const states = ['ready', 'delayed', 'reserved', 'dead']
    expect(counts).toEqual(
      states.map((state) => this.items.filter((item) => item.state === state).length),
    )
    const ends = this.items
      .filter(({ state }) => state === 'ready' || state === 'delayed')
      .flatMap(({ state, readyAt, expiresAt }) => [
        expiresAt,
        state === 'delayed' ? readyAt : Infinity,
      ])
    const due = Math.min(Infinity, ...ends)
    expect(world.state.machine.due()).toBe(due)
    for (const copy of world.copies(40)) {
      expect(savedOf(copy)).toBe(world.saved)
      expect(copy.machine.due()).toBe(due)
    }
  }
}

type Step = readonly [
  what: 'enqueue' | 'dequeue' | 'reserve' | 'ack' | 'nack' | 'time-out' | 'time' | 'withdraw' | 'redrive' | 'clear' | 'take-over',
  a: number,
  b: number,
  c: number,
] // prettier-ignore

const often = [
  'enqueue',
  'enqueue',
  'enqueue',
  'reserve',
  'reserve',
  'ack',
  'nack',
  'time-out',
  'time',
] as const
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(...often, ...often, 'dequeue', 'withdraw', 'redrive', 'clear', 'take-over', 'take-over'),
  fc.nat(11),
  fc.nat(11),
  fc.nat(11),
) // prettier-ignore

test.each([
  ['without limits', none],
  ['that is soon full', { ...none, maxSize: 3, maxDeliveries: 2 }],
  ['in which one waits for room', { ...none, maxSize: 2, waitsWhenFull: 1, maxDeliveries: 3 }],
])('a queue %s gives out what a plain one does, whoever goes on with it', (_what, config) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 50 }), (steps) => {
      const run = new Run(config)
      for (const [index, each] of steps.entries()) {
        run.step(each)
        if (index % 6 === 0) run.check()
      }
      run.check()
    }),
    { seed, numRuns: 30 },
  )
})

function enqueue(
  world: MachineWorld,
  config: QueueConfig,
  bytes: Uint8Array,
  more: Partial<Terms> = {},
) {
  const terms = { delayMs: 0, ttlMs: 0, priority: 0, dedupId: '', enqueuedAt: 0, ...more }
  const call = writeTerms(queueCall('enqueue', config), terms).bytes(bytes, bytes.length).finish()
  return world.call(sessionOf(1), call, readEnqueued)
}

function reserve(world: MachineWorld, config: QueueConfig, max: number) {
  const call = queueCall('reserve', config).varint(max).varint(1_000).bool(false).finish()
  return world.call(sessionOf(2), call, readDelivered)
}

test('what is delivered or removed at once fits into a frame', () => {
  const world = new MachineWorld(() => new QueueMachine())
  for (let left = 6; left > 0; left--) enqueue(world, none, new Uint8Array(100_000))
  expect(reserve(world, none, 6)).toHaveLength(2)
  const call = queueCall('dequeue', none).varint(6).finish()
  const removed = world.call(sessionOf(3), call, (from) => {
    const count = from.varint()
    for (let left = count; left > 0; left--) readLetters(from)
    return count
  })
  expect(removed).toBe(2)
  expect(reserve(world, none, 6)).toHaveLength(2)
})

test.each([
  ['an unknown call', queueCall('enqueue', none).finish().fill(200, 0, 1)],
  ['a priority that no queue has', writeTerms(queueCall('enqueue', none), { delayMs: 0, ttlMs: 0, priority: 256, dedupId: '', enqueuedAt: 0 }).bytes(value(1), 1).finish()],
  ['a wait for nothing', queueCall('reserve', none).varint(0).varint(1_000).bool(true).finish()],
  ['half an ack', queueCall('ack', none).count(2).varint(1).varint(2).varint(1).u8(255).finish()],
  ['half an enqueueMany', queueCall('enqueueMany', none).u8(0).u8(0).u8(0).u8(0).u8(0).count(2).bytes(value(1), 1).u8(9).finish()],
])('%s changes nothing', (_what, call) => {
  for (const isUsed of [false, true]) {
    const world = new MachineWorld(() => new QueueMachine())
    if (isUsed) {
      enqueue(world, none, value(1))
      reserve(world, none, 1)
    }
    const before = Array.from(world.state.machine.save(1_000), String)
    expect(world.call(sessionOf(9), call, readEnqueued)).toBe('CASTY_DDATA_MALFORMED')
    expect(Array.from(world.state.machine.save(1_000), String)).toEqual(before)
    expect(world.state.machine.isEmpty).toBe(!isUsed)
  }
}) // prettier-ignore

test('pieces of what is saved are small, however many wait and however many ids are known', () => {
  const world = new MachineWorld(() => new QueueMachine())
  const full = { ...none, maxSize: 1, waitsWhenFull: 1, dedupWindowMs: 1_000_000 }
  enqueue(world, full, value(1))
  for (let left = 100; left > 0; left--) enqueue(world, full, new Uint8Array(500))
  for (let of = 0; of < 100; of++) {
    const call = queueCall('dequeue', full).varint(1).finish()
    world.call(sessionOf(4), call, (from) => from.varint() === 1 && readLetters(from))
    enqueue(world, full, value(1), { dedupId: `${of}`.padStart(100, 'x') })
  }
  const sizes = Array.from(world.state.machine.save(1_000), ({ length }) => length)
  expect(Math.max(...sizes)).toBeLessThan(2_000)
  expect(savedOf(world.copies(1_000)[0])).toBe(world.saved)
})

test('two who wait for room with items of one id bring in one of them', () => {
  const world = new MachineWorld(() => new QueueMachine())
  const full = { ...none, maxSize: 1, waitsWhenFull: 1, dedupWindowMs: 1_000 }
  enqueue(world, full, value(1))
  expect(enqueue(world, full, value(2), { dedupId: 'same' })).toBe('parked')
  expect(enqueue(world, full, value(3), { dedupId: 'same' })).toBe('parked')
  const call = queueCall('dequeue', full).varint(1).finish()
  world.call(sessionOf(4), call, (from) => from.varint() === 1 && readLetters(from))
  const first = world.answerOf(sessionOf(1), 2, readEnqueued)
  expect(first).toEqual([false, expect.any(Number)])
  expect(world.answerOf(sessionOf(1), 3, readEnqueued)).toEqual([true, first[1]])
})

test('an id counts for as long as its window, and no longer', () => {
  const world = new MachineWorld(() => new QueueMachine())
  const first = enqueue(world, none, value(1), { dedupId: 'id' })
  world.passTime(none.dedupWindowMs)
  expect(enqueue(world, none, value(2), { dedupId: 'id' })).toEqual([true, first[1]])
  world.passTime(1)
  expect(enqueue(world, none, value(3), { dedupId: 'id' })).toEqual([false, expect.any(Number)])
})
