// A part on the node that runs it: what it says, when it says it, and to how many.
import { ManualClock } from '@casty/clock'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PartHost } from '../src/host/part-host.ts'
import { counterCall, counterCalls } from '../src/kinds/counter/counter-calls.ts'
import { CounterMachine } from '../src/kinds/counter/counter-machine.ts'
import { queueCall } from '../src/kinds/queue/queue-calls.ts'
import { QueueMachine } from '../src/kinds/queue/queue-machine.ts'
import {
  readReply,
  RequestWriter,
  type ReplyEntry,
  type RequestEntry,
} from '../src/protocol/messages.ts'
import { readRecord } from '../src/state/command.ts'
import type { Machine } from '../src/state/machine.ts'
import { PartState } from '../src/state/part-state.ts'
import { maxUnsettledCalls } from '../src/state/sessions.ts'

const address = { name: 'c', shards: 1 }
const increment = counterCall(counterCalls.addAndGet, address, 1)
const get = counterCall(counterCalls.get, address)
const settings = { sessionTtlMs: 30_000, resultTtlMs: 600_000, maxUsers: 3, maxRecordBytes: 200 }

class Desk {
  readonly clock = new ManualClock()
  readonly state: PartState
  readonly host: PartHost<number>
  /** Written, or being written. */
  readonly records: Uint8Array[] = []
  safe = 0
  readonly said: (readonly [session: number, entry: ReplyEntry])[] = []
  messages = 0

  constructor(make: () => Machine = () => new CounterMachine()) {
    this.state = new PartState(make())
    const port = {
      epoch: 1,
      now: () => this.clock.now(),
      write: (record: Uint8Array) => void this.records.push(record),
      send: (peer: number, _session: Uint8Array, body: Uint8Array) => {
        this.messages += 1
        for (const entry of readReply(body).entries) this.said.push([peer, entry])
      },
    }
    this.host = new PartHost(this.state, port, settings)
  }

  ask(session: number, entries: readonly RequestEntry[], floor = 0, isKnown = false): void {
    const out = new RequestWriter()
    for (const entry of entries) out.add(entry)
    const id = new Uint8Array(16)
    id[0] = Math.floor(session / 256)
    id[1] = session % 256
    this.host.receive(out.take({ session: id, isKnown, floor }), session)
  }

  call(
    session: number,
    number: number,
    call: Uint8Array = increment,
    floor = 0,
    received: number[] = [],
  ): void {
    this.ask(session, [{ type: 'call', number, received, key: undefined, call }], floor)
  }

  read(session: number, number: number, isStrict = false, after = 0): void {
    this.ask(session, [{ type: 'read', number, after, isStrict, call: get }])
  }

  written(): void {
    this.safe += 1
    this.host.written()
  }

  /** Writes all there is. */
  drain(): void {
    this.host.flush()
    while (this.safe < this.records.length) this.written()
  }

  /** The value that was said last. */
  get last(): number | undefined {
    const entry = this.said.at(-1)?.[1]
    if (entry?.type !== 'answer' && entry?.type !== 'read') return undefined
    return new DataView(entry.answer.buffer, entry.answer.byteOffset).getFloat64(1)
  }
}

test('nothing is said before what it depends on is written, in whatever order things come', () => {
  const step = fc.constantFrom('call', 'call', 'read', 'strict', 'flush', 'written', 'again')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const desk = new Desk()
      let called = 0
      let reads = 0
      for (const each of steps) {
        if (each === 'call') desk.call(1, ++called)
        else if (each === 'again' && called > 0) desk.call(1, called)
        else if (each === 'read' || each === 'strict') desk.read(1, ++reads, each === 'strict')
        else if (each === 'flush') desk.host.flush()
        else if (each === 'written' && desk.safe < desk.records.length) desk.written()
        const safe = desk.records.slice(0, desk.safe)
        const commands = safe.flatMap((record) => readRecord(record).commands)
        const isSafe = commands.filter(({ command }) => command.type === 'call').length
        for (const [, entry] of desk.said) {
          if (entry.type === 'answer') expect(entry.number).toBeLessThanOrEqual(isSafe)
          if (entry.type === 'read') {
            const { buffer, byteOffset } = entry.answer
            expect(new DataView(buffer, byteOffset).getFloat64(1)).toBeLessThanOrEqual(isSafe)
          }
        }
        expect(desk.records.length - desk.safe).toBeLessThanOrEqual(1) // One at a time.
      }
      desk.drain()
      const answers = desk.said.filter(([, { type }]) => type === 'answer')
      expect(
        new Set(answers.map(([, entry]) => entry.type === 'answer' && entry.number)).size,
      ).toBe(called)
      expect(desk.said.filter(([, { type }]) => type === 'read')).toHaveLength(reads)
      expect(desk.host.isQuiet).toBe(true)
    }),
    { seed: 29, numRuns: 80 },
  )
})

test('a read waits for no write that it does not depend on, unless it is strict', () => {
  const desk = new Desk()
  desk.read(1, 1)
  desk.host.flush()
  expect(desk.last).toBe(0)
  expect(desk.records).toHaveLength(0)
  desk.read(1, 2, true)
  desk.host.flush()
  expect(desk.said).toHaveLength(1)
  desk.written()
  expect(desk.said).toHaveLength(2)
})

test('a read sees the calls that its session made before, or asks for them', () => {
  const desk = new Desk()
  desk.read(1, 1, false, 1)
  desk.host.flush()
  expect(desk.said.at(-1)?.[1]).toEqual({ type: 'gap', expected: 1 })
  desk.call(1, 1)
  desk.read(1, 1, false, 1)
  desk.drain()
  expect(desk.last).toBe(1)
})

test('where a write fails, nothing is said any more', () => {
  const desk = new Desk()
  desk.call(1, 1)
  desk.host.flush() // It is never written.
  desk.read(2, 1)
  desk.call(2, 1)
  desk.host.flush()
  desk.clock.advance(10_000)
  desk.host.flush()
  expect(desk.said).toHaveLength(0)
})

test('what is said to one at once is split before it is too long for a frame', () => {
  const desk = new Desk()
  for (let number = 1; number <= 20_000; number++) desk.read(1, number)
  desk.host.flush()
  expect(desk.said).toHaveLength(20_000)
  expect(desk.messages).toBeGreaterThan(1)
  expect(desk.said.map(([, entry]) => entry.type === 'read' && entry.number)).toEqual(
    Array.from({ length: 20_000 }, (_, index) => index + 1),
  )
})

test('no more sessions are kept than are allowed, whatever they ask, until some are silent', () => {
  const desk = new Desk()
  for (let session = 1; session <= 3; session++) desk.call(session, 1)
  for (let session = 4; session <= 100; session++) desk.read(session, 1)
  desk.call(5, 1)
  desk.drain()
  const failed = desk.said.filter(([, { type }]) => type === 'failed')
  expect(failed).toHaveLength(98)
  expect(desk.state.sessions.size).toBe(3)
  for (let seconds = 0; seconds < 31; seconds++) {
    desk.host.nextDeadline()
    desk.clock.advance(1_000)
    desk.host.look()
  }
  desk.read(6, 1)
  desk.drain()
  expect(desk.said.at(-1)?.[1].type).toBe('read')
})

test('a session has no more calls that wait than are allowed', () => {
  const config = { shards: 1, maxDeliveries: 0, maxSize: 0, waitsWhenFull: 0, dedupWindowMs: 0 }
  const wait = queueCall('reserve', config).varint(1).varint(1_000).bool(true).finish()
  const desk = new Desk(() => new QueueMachine())
  for (let number = 1; number <= maxUnsettledCalls + 5; number++)
    desk.call(1, number, wait, number - 1)
  desk.drain()
  expect([...desk.state.sessions.values()][0]?.parked.size).toBe(maxUnsettledCalls + 1)
})

test('a request that is no request harms nobody', () => {
  const desk = new Desk()
  desk.call(1, 1)
  const malformed = expect.objectContaining({ code: 'CASTY_DDATA_MALFORMED' })
  const request = Uint8Array.of(16, ...new Uint8Array(16), 1, 0, 0, 99, 1, 2)
  expect(() => desk.host.receive(request, 9)).toThrow(malformed)
  const ofNobody = Uint8Array.of(2, 0, 0, 1, 0, 0)
  expect(() => desk.host.receive(ofNobody, 9)).toThrow(malformed)
  desk.call(1, 2, new Uint8Array())
  desk.call(1, 3)
  desk.drain()
  expect(desk.last).toBe(2)
  const again = new PartState(new CounterMachine())
  for (const record of desk.records) {
    for (const { command, at } of readRecord(record).commands) again.apply(command, at, 1)
  }
  expect(again.sessions.size).toBe(1)
})
