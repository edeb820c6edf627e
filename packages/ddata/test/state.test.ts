// What a part remembers of its sessions: one effect for each call, whatever is sent, and whatever it holds.
import { ByteReader } from '@casty/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { counterCall, counterCalls } from '../src/kinds/counter/counter-calls.ts'
import { CounterMachine } from '../src/kinds/counter/counter-machine.ts'
import { readRecord, RecordWriter, type Command, type TimedCommand } from '../src/state/command.ts'
import { maxOnceBytes, maxOnceKeys, onceKeyMs, OnceKeys } from '../src/state/once-keys.ts'
import { PartState, skipCode, withdrawCode } from '../src/state/part-state.ts'
import { MachineWorld, savedOf, sessionOf } from './machines-world.ts'

const seed = 17
const address = { name: 'c', shards: 100 }
const increment = counterCall(counterCalls.addAndGet, address, 1)
const get = counterCall(counterCalls.get, address)
const number = (from: { f64(): number }): number => from.f64()

function counters(): MachineWorld {
  return new MachineWorld(() => new CounterMachine())
}

const bytes = fc.uint8Array({ maxLength: 12 })
const session = fc.nat(3).map(sessionOf)
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    type: fc.constant('call' as const),
    session,
    number: fc.maxSafeInteger().map(Math.abs),
    floor: fc.nat(),
    received: fc.array(fc.nat(), { maxLength: 3 }),
    key: fc.option(fc.string({ unit: 'grapheme', maxLength: 5 }), { nil: undefined }),
    call: bytes,
  }),
  fc.record({ type: fc.constant('timed-out' as const), timer: fc.nat() }),
  fc.record({ type: fc.constantFrom('advance' as const, 'nothing' as const) }),
  fc.record({
    type: fc.constantFrom(
      'session-over' as const,
      'forget-session' as const,
      'session-back' as const,
    ),
    session,
  }),
)

test('records come back as they were written', () => {
  const commands = fc.array(fc.tuple(command, fc.nat(1_000)), { maxLength: 6 }).map((all) => {
    let at = 0
    return all.map(([each, later]): TimedCommand => ({ command: each, at: (at += later) }))
  })
  const writer = new RecordWriter() // Used again and again.
  fc.assert(
    fc.property(commands, fc.nat(), (all, epoch) => {
      for (const each of all) writer.add(each)
      expect(writer.count).toBe(all.length)
      expect(readRecord(writer.take(epoch))).toEqual({ epoch, commands: all })
    }),
    { seed, numRuns: 100 },
  )
})

test('records of another form, with an unknown command, or cut off are refused', () => {
  const writer = new RecordWriter()
  writer.add({ command: { type: 'advance' }, at: 3 })
  const record = writer.take(1)
  const bad = [
    Uint8Array.from(record).fill(9, 0, 1),
    record.slice(0, -1),
    Uint8Array.of(...record, 0),
  ]
  const unknown = Uint8Array.from(record)
  unknown[4] = 99
  for (const each of [...bad, unknown]) {
    expect(() => readRecord(each)).toThrow(
      expect.objectContaining({ code: expect.stringContaining('MALFORMED') }),
    )
  }
})

test('a call of whatever bytes is answered, harms nobody, and is carried out again the same', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 10 }), (calls) => {
      const world = counters()
      expect(world.call(sessionOf(0), increment, number)).toBe(1)
      for (const call of [new Uint8Array(), Uint8Array.of(withdrawCode), ...calls]) {
        const came = world.call(sessionOf(1), call, (from) => {
          while (from.remaining > 0) from.u8()
        })
        expect(came).not.toBe('parked')
      }
      expect(world.read(get, number)).toBe(1)
      for (const copy of world.copies(50)) expect(savedOf(copy)).toBe(world.saved)
    }),
    { seed, numRuns: 60 },
  )
})

test('a call that is skipped has no effect, and those behind it go on', () => {
  const world = counters()
  world.call(sessionOf(1), Uint8Array.of(skipCode), () => undefined)
  expect(world.call(sessionOf(1), increment, number)).toBe(1)
})

test('a read of whatever bytes changes nothing', () => {
  const world = counters()
  world.call(sessionOf(0), increment, number)
  const before = world.saved
  fc.assert(
    fc.property(bytes, (call) => {
      world.read(call, (from) => void (from.remaining > 0 && from.f64()))
      expect(world.saved).toBe(before)
    }),
    { seed, numRuns: 60 },
  )
})

test('answers are kept until the session has them, also by who goes on', () => {
  const world = counters()
  for (let left = 5; left > 0; left--) world.call(sessionOf(1), increment, number)
  const [restored] = world.copies(20)
  for (const { sessions } of [world.state, restored]) {
    const found = sessions.find(sessionOf(1))
    if (!found) throw new Error('It is forgotten')
    const standings = (): string[] =>
      Array.from({ length: 7 }, (_, index) => sessions.standing(found, index + 1).type)
    expect(standings()).toEqual([...Array.from({ length: 5 }, () => 'answered'), 'next', 'early'])
    sessions.raiseFloor(found, 3)
    expect(standings()).toEqual([
      'settled',
      'settled',
      'settled',
      'answered',
      'answered',
      'next',
      'early',
    ])
    sessions.raiseFloor(found, 1) // What is late changes nothing.
    sessions.raiseFloor(found, 1_000_000) // Nor what was not begun.
    expect(standings().slice(4)).toEqual(['settled', 'next', 'early'])
    expect(found.answers.size).toBe(0)
  }
})

function keyed(world: MachineWorld, who: number, key: string, call = increment): void {
  const of = sessionOf(who)
  const next = (world.state.sessions.find(of)?.begun ?? 0) + 1
  world.perform({ type: 'call', session: of, number: next, floor: 0, received: [], key, call })
}

test('a key has one effect for as long as it is remembered, whoever calls and whoever goes on', () => {
  const world = counters()
  keyed(world, 1, 'k')
  keyed(world, 2, 'k')
  expect(world.answerOf(sessionOf(2), 1, number)).toBe(1)
  world.takeOver(world.copies(10)[0])
  world.passTime(onceKeyMs)
  keyed(world, 3, 'k')
  expect(world.answerOf(sessionOf(3), 1, number)).toBe(1)
  keyed(world, 4, 'k', counterCall(counterCalls.addAndGet, address, 2))
  expect(world.answerOf(sessionOf(4), 1, number)).toBe('CASTY_DDATA_ARGUMENT')
  world.passTime(1)
  keyed(world, 5, 'k')
  expect(world.answerOf(sessionOf(5), 1, number)).toBe(2)
})

test('a call that was refused may be made again under its key', () => {
  const world = counters()
  const otherShards = counterCall(counterCalls.addAndGet, { name: 'c', shards: 7 }, 1)
  world.call(sessionOf(0), increment, number)
  keyed(world, 1, 'k', otherShards)
  expect(world.answerOf(sessionOf(1), 1, number)).toBe('CASTY_DDATA_CONFIG_MISMATCH')
  world.call(sessionOf(0), counterCall(counterCalls.destroy, address), (from) => from.bool())
  keyed(world, 2, 'k', otherShards)
  expect(world.answerOf(sessionOf(2), 1, number)).toBe(1)
})

test('no more keys are remembered than are allowed, and pieces of what is saved stay small', () => {
  const world = counters()
  for (let of = 0; of <= maxOnceKeys; of++) keyed(world, 1, `${of}`)
  keyed(world, 2, '0')
  expect(world.answerOf(sessionOf(2), 1, number)).toBe(maxOnceKeys + 2)
  keyed(world, 3, '2')
  expect(world.answerOf(sessionOf(3), 1, number)).toBe(3)
  world.state.sessions.forget(sessionOf(1))
  const sizes = Array.from(world.state.save(10_000), ({ length }) => length)
  expect(Math.max(...sizes)).toBeLessThan(12_000)
})

test('of a key no more is kept than its answer, however large the call was', () => {
  const keys = new OnceKeys()
  const [call, answer] = [new Uint8Array(60_000), new Uint8Array(2)]
  for (let of = 0; of < 50; of++) keys.remember(`${of}`, call, answer, 0)
  const pieces = [...keys.save(1_000_000)]
  expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(50 * 30)
  const restored = new OnceKeys()
  for (const piece of pieces) restored.restore(new ByteReader(piece))
  expect(restored.find('49', call, 0)).toEqual(answer)
  expect(restored.find('49', call.subarray(1), 0)).toBe('other')
  expect(restored.find('49', call.with(59_999, 1), 0)).toBe('other')
  expect(restored.find('49', call.with(0, 1), 0)).toBe('other')
})

test('the oldest keys are forgotten where their answers are large', () => {
  const keys = new OnceKeys()
  const answer = new Uint8Array(65_536)
  const most = maxOnceBytes / answer.length
  // One more than there is room for, with their keys.
  for (let of = 0; of < most; of++) keys.remember(`${of}`, answer, answer, 0)
  expect(keys.size).toBe(most - 1)
  expect(keys.find('0', answer, 0)).toBeUndefined()
  expect(keys.find('1', answer, 0)).toBe(answer)
  keys.remember('1', answer, new Uint8Array(1), 0)
  keys.remember('new', answer, answer.subarray(1), 0)
  expect(keys.size).toBe(most)
})

test('a session that is forgotten is a new one, and one that is over is not', () => {
  const world = counters()
  world.call(sessionOf(1), increment, number)
  world.perform({ type: 'session-over', session: sessionOf(1) })
  expect(world.state.sessions.find(sessionOf(1))?.begun).toBe(1)
  world.perform({ type: 'forget-session', session: sessionOf(1) })
  expect(world.state.sessions.find(sessionOf(1))).toBeUndefined()
  for (const copy of world.copies(50)) expect(savedOf(copy)).toBe(world.saved)
})

test('a piece of an unknown kind is refused', () => {
  const state = new PartState(new CounterMachine())
  expect(() => state.restore(Uint8Array.of(99))).toThrow(
    expect.objectContaining({ code: 'CASTY_DDATA_MALFORMED' }),
  )
})

test('counters answer as plain ones do, whoever goes on with them', () => {
  const step = fc.tuple(
    fc.constantFrom(
      'addAndGet',
      'getAndAdd',
      'set',
      'getAndSet',
      'compareAndSet',
      'destroy',
      'get',
    ),
    fc.nat(2),
    fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.MAX_SAFE_INTEGER)),
    fc.integer({ min: -1, max: 1 }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = counters()
      const model = [0, 0, 0]
      for (const [what, which, by, other] of steps) {
        const before = model[which] ?? 0
        const of = { name: `c${which}`, shards: 1 }
        const numbers = what === 'compareAndSet' ? [other, by] : [by]
        const call = counterCall(counterCalls[what as 'get'], of, ...numbers)
        const isSum = what === 'addAndGet' || what === 'getAndAdd'
        const after = isSum ? before + by : by
        const expected = {
          addAndGet: after, getAndAdd: before, set: undefined, getAndSet: before,
          compareAndSet: before === other, destroy: before !== 0, get: before,
        }[what] // prettier-ignore
        const read = (from: { f64(): number; bool(): boolean }): unknown => {
          if (what === 'set') return undefined
          return what === 'compareAndSet' || what === 'destroy' ? from.bool() : from.f64()
        }
        if (what === 'get') {
          expect(world.read(call, read)).toBe(expected)
          continue
        }
        const came = world.call(sessionOf(1), call, read)
        if (isSum && !Number.isSafeInteger(after)) expect(came).toBe('CASTY_DDATA_OVERFLOW')
        else {
          expect(came).toBe(expected)
          if (what === 'destroy') model[which] = 0
          else if (what !== 'compareAndSet' || expected === true) model[which] = after
        }
      }
      for (const copy of world.copies(20)) expect(savedOf(copy)).toBe(world.saved)
    }),
    { seed, numRuns: 60 },
  )
})
