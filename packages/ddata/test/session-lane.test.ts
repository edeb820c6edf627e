// A session towards one part: over a network that loses what is sent, in both directions, and a part that forgets.
import { getEventListeners } from 'node:events'
import { ManualClock, type Clock } from '@casty/clock'
import { ByteWriter, type ByteReader } from '@casty/transport'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PartHost } from '../src/host/part-host.ts'
import { counterCall, counterCalls } from '../src/kinds/counter/counter-calls.ts'
import { CounterMachine } from '../src/kinds/counter/counter-machine.ts'
import { queueCall, writeTerms } from '../src/kinds/queue/queue-calls.ts'
import { QueueMachine } from '../src/kinds/queue/queue-machine.ts'
import { readRequest, ReplyWriter, type ReplyEntry } from '../src/protocol/messages.ts'
import type { Nobody } from '../src/session/lane-port.ts'
import { Lane } from '../src/session/lane.ts'
import type { CallEnd, CallTerms } from '../src/session/pending.ts'
import type { Machine } from '../src/state/machine.ts'
import { PartState } from '../src/state/part-state.ts'
import { maxUnsettledCalls, sessionBytes, sessionIdOf } from '../src/state/sessions.ts'
import { laneSettings } from './lane-settings.ts'

const address = { name: 'c', shards: 1 }
const add = (by: number): Uint8Array => counterCall(counterCalls.addAndGet, address, by)
const get = counterCall(counterCalls.get, address)
const queue = { shards: 1, maxDeliveries: 0, maxSize: 0, waitsWhenFull: 0, dedupWindowMs: 0 }
const take = queueCall('reserve', queue).varint(1).varint(1_000).bool(true).finish()
const terms: CallTerms = { what: 'it', timeoutMs: 5_000 }

type Lost = (direction: 'request' | 'reply') => boolean

/** One session, one part, and what is between them. */
class Line {
  readonly clock = new ManualClock()
  readonly lane: Lane
  host: PartHost<string>
  isLost: Lost = () => false
  nobody: Nobody | undefined
  requests = 0
  entries = 0
  ended: string[] = []
  sessionsLost = 0
  #sessions = 0
  #wakeAt = Infinity
  #timer: Disposable | undefined
  #hasToSend = false
  readonly #make: () => Machine

  constructor(make: () => Machine = () => new CounterMachine()) {
    this.#make = make
    this.host = this.#host()
    const port = {
      clock: this.clock,
      send: (_part: string, request: Uint8Array) => this.#send(request),
      whyNobody: () => this.nobody,
      hasToSend: () => void (this.#hasToSend = true),
      deadlineMoved: (at: number) => this.#wake(at),
      newSession: () => sessionBytes(String(++this.#sessions).padEnd(16)),
      endSession: () => {},
      sessionLost: () => void (this.sessionsLost += 1),
    }
    this.lane = new Lane('p', port, laneSettings)
  }

  #host(): PartHost<string> {
    const hostSettings = {
      sessionTtlMs: 30_000,
      resultTtlMs: 600_000,
      maxUsers: 10,
      maxRecordBytes: 500,
    }
    const port = {
      epoch: 1,
      now: () => this.clock.now(),
      send: (_peer: string, session: Uint8Array, body: Uint8Array) => this.#reply(session, body),
      write: () => this.host.written(),
    }
    return new PartHost(new PartState(this.#make()), port, hostSettings)
  }

  forget(): void {
    this.host = this.#host()
  }

  #send(request: Uint8Array): void {
    this.requests += 1
    this.entries += readRequest(request).entries.length
    if (this.isLost('request')) return
    this.clock.schedule(1, () => this.#arrives(request))
  }

  #arrives(request: Uint8Array): void {
    this.host.receive(request, 'peer')
    this.host.flush()
  }

  #reply(session: Uint8Array, body: Uint8Array): void {
    if (this.isLost('reply')) return
    this.clock.schedule(1, () => {
      if (sessionIdOf(session) === sessionIdOf(this.lane.session)) this.lane.receive(body)
      this.flush()
    })
  }

  #wake(at: number): void {
    if (at >= this.#wakeAt) return
    this.#wakeAt = at
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.clock.schedule(Math.max(0, at - this.clock.now()), () => {
      this.#wakeAt = Infinity
      this.host.look()
      const next = this.lane.look()
      this.flush()
      if (next !== Infinity) this.#wake(next)
    })
  }

  flush(): void {
    if (!this.#hasToSend) return
    this.#hasToSend = false
    this.lane.flush()
  }

  /** Notes how it ends, behind its name: each has to end once. */
  end(name: string, read: (from: ByteReader) => unknown = (from) => from.f64()): CallEnd {
    const note = (how: string): void => void this.ended.push(`${name} ${how}`)
    return {
      done: (from) => note(String(read(from))),
      refused: ({ code }) => note(code),
      failed: (error) => note(`${Object(error).code} ${Object(error).applied}`),
      late: (from) => note(`late ${String(read(from))}`),
    }
  }

  call(name: string, call: Uint8Array, more: Partial<CallTerms> = {}, mayWait = false): void {
    this.lane.call(
      call,
      { ...terms, ...more },
      this.end(name, mayWait ? () => 'taken' : undefined),
      mayWait,
    )
    this.flush()
  }

  get value(): number {
    const out = this.host.state.read(get, 0)
    return new DataView(out.buffer, out.byteOffset).getFloat64(1)
  }
}

describe('a session towards a part', () => {
  test('has one effect for each call, in their order, whatever is lost', () => {
    const losses = fc.array(fc.boolean(), { minLength: 5, maxLength: 40 })
    fc.assert(
      fc.property(
        losses,
        fc.array(fc.nat(300), { minLength: 1, maxLength: 25 }),
        (lost, pauses) => {
          const line = new Line()
          let sent = 0
          line.isLost = () => lost[sent++] === true
          const expected: string[] = []
          let sum = 0
          for (const [index, pause] of pauses.entries()) {
            sum += 10 ** (index % 10)
            line.call(`${index}`, add(10 ** (index % 10)), { timeoutMs: 100_000 })
            expected.push(`${index} ${sum}`)
            line.clock.advance(pause)
          }
          line.lane.read(get, { ...terms, timeoutMs: 100_000 }, line.end('read'))
          line.flush()
          line.clock.advance(90_000)
          // Effects are in order; words of them may not be, where one is lost.
          expect(line.ended.filter((one) => !one.startsWith('read')).toSorted()).toEqual(
            expected.toSorted(),
          )
          expect(line.ended).toContain(`read ${sum}`)
          expect(line.value).toBe(sum)
          expect(line.clock.pendingTimers).toBe(0)
        },
      ),
      { seed: 19, numRuns: 60 },
    )
  })

  test('ends every call, and whoever is told of an effect is told the truth, when the part forgets', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { minLength: 5, maxLength: 60 }),
        fc.nat(30),
        (faults, forgetsAt) => {
          const line = new Line()
          let sent = 0
          line.isLost = () => faults[sent++] === 0
          for (let index = 0; index < 30; index++) {
            if (index === forgetsAt) line.forget()
            line.call(`${index}`, add(1))
            line.clock.advance(50)
          }
          line.clock.advance(400_000)
          expect(
            line.ended.map((one) => Number.parseInt(one, 10)).toSorted((a, b) => a - b),
          ).toEqual(Array.from({ length: 30 }, (_, index) => index))
          const failed = line.ended.filter((one) => one.includes('CASTY'))
          for (const one of failed) expect(one).toMatch(/(INDETERMINATE|TIMEOUT) unknown/)
          expect(line.clock.pendingTimers).toBe(0)
          expect(line.lane.isIdle).toBe(true)
        },
      ),
      { seed: 23, numRuns: 40 },
    )
  })

  test('sends little more than there is to say when what it sent first is lost', () => {
    const line = new Line()
    let sent = 0
    line.isLost = (direction) => direction === 'request' && sent++ === 0
    for (let index = 0; index < 1_000; index++) line.lane.call(add(1), terms, line.end(`${index}`))
    line.flush()
    line.clock.advance(400)
    expect(line.ended).toHaveLength(1_000)
    expect(line.value).toBe(1_000)
    expect(line.entries).toBeLessThan(3_000)
  })

  test('carries out a call after a long rest, though the part forgot the session', () => {
    const line = new Line()
    line.call('first', add(1))
    line.clock.advance(700_000)
    line.host.nextDeadline()
    line.host.look()
    line.host.nextDeadline()
    line.clock.advance(1_000)
    line.host.look()
    line.host.flush()
    line.call('second', add(1))
    line.clock.advance(5_000)
    expect(line.ended).toEqual(['first 1', 'second 2'])
  })

  test('ends what waits though no more calls may begin', () => {
    const line = new Line(() => new QueueMachine())
    for (let index = 0; index < maxUnsettledCalls; index++) {
      line.lane.call(
        take,
        { ...terms, waitMs: index === 0 ? 2_000 : 1_000_000 },
        line.end(`${index}`, () => 'taken'),
        true,
      )
    }
    line.flush()
    line.clock.advance(10)
    line.call('one more', take, {}, true)
    expect(line.ended).toEqual(['one more CASTY_DDATA_BUSY no'])
    line.clock.advance(2_500)
    expect(line.ended).toEqual(['one more CASTY_DDATA_BUSY no', '0 CASTY_DDATA_TIMEOUT no'])
  })

  test('says of a wait that nobody answered that its effect is not known', () => {
    const line = new Line(() => new QueueMachine())
    line.isLost = (direction) => direction === 'reply'
    line.call('wait', take, { waitMs: 100 }, true)
    line.clock.advance(200_000)
    expect(line.ended).toEqual(['wait CASTY_DDATA_TIMEOUT unknown'])
    expect(line.clock.pendingTimers).toBe(0)
  })

  test('does not have who gave up wait for long to hear how it ended, and tells of what came late', () => {
    const line = new Line()
    line.isLost = (direction) => direction === 'reply'
    line.lane.call(add(1), { ...terms, timeoutMs: 2_000 }, line.end('wait'), true)
    line.flush()
    line.clock.advance(4_100)
    expect(line.ended).toEqual(['wait CASTY_DDATA_TIMEOUT unknown'])
    line.isLost = () => false
    line.clock.advance(2_000)
    expect(line.ended).toEqual(['wait CASTY_DDATA_TIMEOUT unknown', 'wait late 1'])
    line.clock.advance(60_000)
    expect(line.ended).toHaveLength(2)
    expect(line.clock.pendingTimers).toBe(0)
  })

  test('does not wait for its turn without end where its part refuses to have it', () => {
    const line = new Line(() => new QueueMachine())
    const endless = { timeoutMs: Infinity, waitMs: Infinity }
    line.isLost = () => true
    line.call('wait', take, endless, true)
    const failed = (): Uint8Array => {
      const reply = new ReplyWriter()
      reply.add({ type: 'failed', why: 'too many sessions use it' })
      return reply.take(1)
    }
    for (let second = 0; second < 40; second++) {
      line.lane.receive(failed())
      line.clock.advance(1_000)
      if (second === 3) expect(line.ended).toEqual([])
      if (second === 6) expect(line.ended).toHaveLength(1)
    }
    expect(line.ended).toEqual(['wait CASTY_DDATA_UNAVAILABLE unknown'])
    line.clock.advance(60_000)
    expect(line.clock.pendingTimers).toBe(0)
  })

  test('takes its leave of a part before it comes to it anew after a long silence', () => {
    const line = new Line(() => new CounterMachine())
    for (let visit = 1; visit <= 5; visit++) {
      line.call(`visit ${visit}`, add(1))
      line.clock.advance(500_000)
      expect(line.value).toBe(visit)
      expect(line.host.state.sessions.size).toBe(1)
    }
  })

  test('goes on waiting where its part had to begin again', () => {
    const line = new Line(() => new QueueMachine())
    line.call('wait', take, { timeoutMs: Infinity, waitMs: Infinity }, true)
    line.flush()
    line.clock.advance(6_000) // It waits at its part, and was made longer ago than anything takes.
    const failed = new ReplyWriter()
    failed.add({ type: 'failed', why: 'what it wrote was not confirmed' })
    line.lane.receive(failed.take(1))
    line.clock.advance(10_000)
    expect(line.ended).toEqual([])
  })

  test('says why nobody could be asked, where that is known', () => {
    const line = new Line(() => new QueueMachine())
    line.isLost = () => true
    line.nobody = { why: 'nobody keeps it', isForNow: false }
    line.call('call', take)
    line.call('wait', take, { timeoutMs: Infinity, waitMs: Infinity }, true)
    line.lane.read(get, terms, line.end('read'))
    line.flush()
    line.clock.advance(6_000)
    expect(line.ended.toSorted()).toEqual([
      'call CASTY_DDATA_UNAVAILABLE unknown',
      'read CASTY_DDATA_UNAVAILABLE no',
      'wait CASTY_DDATA_UNAVAILABLE unknown',
    ])
  })

  test('what may wait without end does, where another one takes over soon', () => {
    const line = new Line(() => new QueueMachine())
    line.isLost = () => true
    line.nobody = { why: 'its owner is out of reach', isForNow: true }
    line.call('call', take)
    line.call('wait', take, { timeoutMs: Infinity, waitMs: Infinity }, true)
    line.flush()
    line.clock.advance(6_000)
    expect(line.ended).toEqual(['call CASTY_DDATA_UNAVAILABLE unknown'])
  })

  test('lets go of signals, whenever they abort and however calls end', () => {
    const line = new Line(() => new QueueMachine())
    const signals = Array.from({ length: 4 }, () => new AbortController())
    const [done, early, late, timed] = signals
    const enqueue = writeTerms(queueCall('enqueue', queue), {
      delayMs: 0, ttlMs: 0, priority: 0, dedupId: '', enqueuedAt: 0,
    }).bytes(Uint8Array.of(1), 1).finish() // prettier-ignore
    line.lane.call(
      enqueue,
      { ...terms, signal: done?.signal ?? AbortSignal.abort() },
      line.end('done', () => 'ok'),
    )
    line.call('taken', take, { signal: done?.signal ?? AbortSignal.abort() }, true)
    line.call('early', take, { signal: early?.signal ?? AbortSignal.abort() }, true)
    early?.abort()
    line.call('late', take, { signal: late?.signal ?? AbortSignal.abort() }, true)
    line.call('timed', take, { waitMs: 300, signal: timed?.signal ?? AbortSignal.abort() }, true)
    line.clock.advance(100)
    late?.abort()
    line.flush()
    line.clock.advance(5_000)
    for (const { signal } of signals) {
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    }
    done?.abort() // After all is over, it is nobody's.
    line.clock.advance(5_000)
    expect(line.ended.toSorted()).toEqual([
      'done ok',
      'early CASTY_DDATA_ABORTED no',
      'late CASTY_DDATA_ABORTED no',
      'taken taken',
      'timed CASTY_DDATA_TIMEOUT no',
    ])
    expect(line.clock.pendingTimers).toBe(0)
  })

  test('ends a call whose answer cannot be read, and goes on with others', () => {
    const line = new Line()
    line.isLost = () => true
    line.call('bad', add(1))
    line.lane.read(get, terms, line.end('bad read'))
    line.call('good', add(1))
    const reply = new ReplyWriter()
    reply.add({ type: 'answer', number: 1, answer: Uint8Array.of(9) })
    reply.add({ type: 'read', number: 1, answer: new Uint8Array() })
    reply.add({ type: 'answer', number: 2, answer: new ByteWriter().u8(0).f64(7).finish() })
    line.lane.receive(reply.take(1))
    expect(line.ended).toEqual([
      'bad CASTY_DDATA_MALFORMED unknown',
      'bad read CASTY_DDATA_MALFORMED unknown',
      'good 7',
    ])
  })

  test('ends at once whatever is under way where nothing of a reply can be read', () => {
    const line = new Line()
    line.isLost = () => true
    line.call('call', add(1))
    line.call('wait', add(1), { timeoutMs: Infinity }, true)
    line.lane.read(get, terms, line.end('read'))
    const { session } = line.lane
    expect(() => line.lane.receive(Uint8Array.of(200, 1, 2))).toThrow()
    expect(line.ended).toEqual([
      'call CASTY_DDATA_MALFORMED unknown',
      'wait CASTY_DDATA_MALFORMED unknown',
      'read CASTY_DDATA_MALFORMED unknown',
    ])
    expect(line.lane.session).not.toBe(session)
    expect(line.lane.isIdle).toBe(true)
  })

  test('starts anew when its part asks three times in a row for a call that it had answered', () => {
    const line = new Line()
    line.call('first', add(1))
    line.clock.advance(10)
    expect(line.ended).toEqual(['first 1'])
    line.isLost = () => true
    line.call('second', add(1), { timeoutMs: 60_000 })
    const { session } = line.lane
    const says = (...entries: readonly ReplyEntry[]): void => {
      const reply = new ReplyWriter()
      for (const entry of entries) reply.add(entry)
      line.lane.receive(reply.take(1))
      line.clock.advance(1_000) // One word of a gap is many requests' worth: it counts once.
    }
    const gap = { type: 'gap', expected: 1 } as const
    const answer = new ByteWriter().u8(0).f64(1).finish()
    says(gap, gap, gap)
    says(gap)
    says({ type: 'answer', number: 1, answer }) // It knows it: those were late words.
    says(gap)
    says(gap)
    expect(line.lane.session).toBe(session)
    expect(line.ended).toEqual(['first 1'])
    says(gap)
    expect(line.lane.session).not.toBe(session)
    expect(line.ended).toEqual(['first 1', 'second CASTY_DDATA_INDETERMINATE unknown'])
  })

  test('has done what was due when it looks: never again at the same instant, however times are rounded', () => {
    const begins = fc.nat(60_000_000).map((whole) => whole / 997)
    fc.assert(
      fc.property(begins, fc.boolean(), (begin, isWait) => {
        let now = begin
        const clock: Clock = {
          now: () => now,
          wallNow: () => 0,
          schedule: () => ({ [Symbol.dispose]: () => {} }),
        }
        const lane = new Lane(
          'p',
          {
            clock,
            send: () => {},
            hasToSend: () => {},
            deadlineMoved: () => {},
            whyNobody: () => undefined,
            newSession: () => new Uint8Array(16),
            endSession: () => {},
            sessionLost: () => {},
          },
          laneSettings,
        )
        const nobody = { done: () => {}, refused: () => {}, failed: () => {} }
        const wanted = isWait ? { waitMs: Infinity, timeoutMs: Infinity } : {}
        lane.call(take, { ...terms, ...wanted }, nobody, isWait)
        if (isWait) {
          const parked = new ReplyWriter()
          parked.add({ type: 'parked', number: 1 })
          lane.receive(parked.take(1))
        }
        lane.read(get, terms, nobody)
        for (let looks = 0; looks < 200; looks++) {
          const next = lane.look()
          if (next === Infinity) return
          expect(next).toBeGreaterThan(now)
          now = next
        }
        throw new Error('It looks without end')
      }),
      { seed: 5, numRuns: 200 },
    )
  })

  test('times out what nobody answers, and gives up sending it after the horizon', () => {
    const line = new Line()
    line.isLost = () => true
    line.call('lost', add(1))
    line.clock.advance(5_000)
    expect(line.ended).toEqual(['lost CASTY_DDATA_TIMEOUT unknown'])
    line.clock.advance(150_000)
    const { requests } = line
    expect(line.clock.pendingTimers).toBe(0)
    line.clock.advance(150_000)
    expect(line.requests).toBe(requests)
  })

  test('lets a read wait for longer than calls may be sent again, and loses no session by that', () => {
    const line = new Line()
    line.isLost = () => true
    line.lane.read(get, { ...terms, timeoutMs: Infinity }, line.end('read'))
    line.flush()
    line.clock.advance(400_000)
    expect(line.sessionsLost).toBe(0)
    line.call('late', add(1), { timeoutMs: 20_000 })
    line.clock.advance(10_000)
    line.isLost = () => false
    line.clock.advance(5_000)
    expect(line.ended).toEqual(['late 1', 'read 1'])
  })

  test('leaves the effect out of a call that timed out before it came', () => {
    const line = new Line()
    line.isLost = () => true
    line.call('lost', add(1))
    line.clock.advance(5_000)
    line.isLost = () => false
    line.call('next', add(10))
    line.clock.advance(5_000)
    expect(line.ended).toEqual(['lost CASTY_DDATA_TIMEOUT unknown', 'next 10'])
    expect(line.value).toBe(10)
  })
})
