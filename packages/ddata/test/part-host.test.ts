// What a part does on the node that runs it when time goes by: seen from inside, since it is when it does so that counts.
import { ManualClock } from '@casty/clock'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PartHost } from '../src/host/part-host.ts'
import { acquireCall, leaseCall, leaseCalls } from '../src/kinds/lease/lease-calls.ts'
import { LeaseMachine } from '../src/kinds/lease/lease-machine.ts'
import { mapCall, writePut } from '../src/kinds/map/map-calls.ts'
import { MapMachine } from '../src/kinds/map/map-machine.ts'
import {
  readReply,
  RequestWriter,
  type ReplyEntry,
  type RequestEntry,
} from '../src/protocol/messages.ts'
import { PartState } from '../src/state/part-state.ts'
import { sessionBytes } from '../src/state/sessions.ts'

const address = { name: 'deploy', shards: 100, permits: 1 }
const ttlMs = 3_000

class Host {
  readonly clock = new ManualClock()
  readonly replies: ReplyEntry[] = []
  readonly #host: PartHost<string>
  readonly state: PartState

  constructor(state = new PartState(new LeaseMachine('lock'))) {
    this.state = state
    this.#host = new PartHost(
      state,
      {
        epoch: 1,
        now: () => this.clock.now(),
        send: (_, __, body) => void this.replies.push(...readReply(body).entries),
        write: () => this.#host.written(),
      },
      { sessionTtlMs: 30_000, resultTtlMs: 600_000, maxUsers: 10, maxRecordBytes: 65_536 },
    )
  }

  request(session: string, ...entries: readonly RequestEntry[]): void {
    const writer = new RequestWriter()
    for (const entry of entries) writer.add(entry)
    const head = { session: sessionBytes(session), isKnown: false, floor: 0 }
    this.#host.receive(writer.take(head), session)
    this.#host.flush()
  }

  acquire(session: string, number: number): void {
    const wish = { owner: 1, permits: 1, ttlMs, offerTimeoutMs: 1_000, mayWait: true }
    const call = acquireCall(address, wish)
    this.request(session, { type: 'call', number, received: [], key: undefined, call })
  }

  /** Looks whenever it is time to: or not at all, and then when it is late. @returns how often it looked */
  pass(ms: number): number {
    const until = this.clock.now() + ms
    let looks = 0
    for (;;) {
      const next = this.#host.nextDeadline()
      if (next > until || looks > 1_000) break
      this.clock.advance(Math.max(0, next - this.clock.now()))
      this.look()
      looks += 1
    }
    this.clock.advance(until - this.clock.now())
    return looks
  }

  look(): void {
    this.#host.look()
    this.#host.flush()
  }

  /** It stands still: nothing happens however late it is. */
  stall(ms: number): void {
    this.#host.nextDeadline()
    this.clock.advance(ms)
  }

  get isFree(): boolean {
    return this.state.read(leaseCall(leaseCalls.holder, address), 0)[1] === 0
  }
}

const [first, second] = ['first'.padEnd(16), 'second'.padEnd(16)] as const

test('a part that stood still hears those who renewed meanwhile before it ends their leases', () => {
  const host = new Host()
  host.acquire(first, 1)
  const [timer = 0] = host.state.timers.keys()
  host.stall(10_000)
  host.look()
  expect(host.isFree).toBe(false)
  host.request(first, { type: 'renew', number: 1, timers: [timer] })
  expect(host.pass(2_900)).toBeLessThan(10)
  expect(host.isFree).toBe(false)
  host.pass(200)
  expect(host.isFree).toBe(true)
})

test('a part that stood still ends the leases of those who did not, soon after', () => {
  const host = new Host()
  host.acquire(first, 1)
  host.stall(10_000)
  host.look()
  // It does not look again and again in the meantime.
  expect(host.pass(200)).toBe(0)
  expect(host.isFree).toBe(false)
  expect(host.pass(300)).toBeLessThan(5)
  expect(host.isFree).toBe(true)
})

test('whoever waits is told that it may have the lock, and told again when it asks', () => {
  const host = new Host()
  host.acquire(first, 1)
  host.acquire(second, 1)
  expect(host.replies.at(-1)).toEqual({ type: 'parked', number: 1 })
  const destroyed = leaseCall(leaseCalls.evict, address)
  host.request('third'.padEnd(16), {
    type: 'call',
    number: 1,
    received: [],
    key: undefined,
    call: destroyed,
  })
  expect(host.replies).toContainEqual({ type: 'offered', number: 1 })
  host.acquire(second, 1)
  expect(host.replies.slice(-2)).toEqual([
    { type: 'parked', number: 1 },
    { type: 'offered', number: 1 },
  ])
})

test('whoever waits and is silent for some seconds is taken to be away, until it is heard of', () => {
  const host = new Host()
  host.acquire(first, 1)
  const [timer = 0] = host.state.timers.keys()
  host.acquire(second, 1)
  for (let number = 1; number <= 5; number++) {
    host.pass(1_000)
    host.request(first, { type: 'renew', number, timers: [timer] })
  }
  expect(host.state.machine.isAway?.(second)).toBe(true)
  expect(host.state.machine.isAway?.(first)).toBe(false)
  host.acquire(second, 1)
  expect(host.state.machine.isAway?.(second)).toBe(false)
})

test('whoever waits and is silent for as long as sessions last waits no more, to the moment', () => {
  const host = new Host()
  host.acquire(first, 1)
  host.acquire(second, 1)
  host.pass(29_999)
  expect(host.state.sessions.find(second)?.parked.size).toBe(1)
  host.pass(1)
  expect(host.state.sessions.find(second)?.parked.size).toBe(0)
})

/** A part of a map, by a clock that tells fractions. */
function mapHost(begin: number) {
  const clock = { now: begin }
  const state = new PartState(new MapMachine())
  const host: PartHost<string> = new PartHost(
    state,
    { epoch: 1, now: () => clock.now, send: () => {}, write: () => host.written() },
    { sessionTtlMs: 30_000, resultTtlMs: 600_000, maxUsers: 10, maxRecordBytes: 65_536 },
  )
  return { clock, state, host }
}

const begins = fc.nat(1e9).map((whole) => whole / 997)

test('an entry lives for all of its time, and what is due is done when a part looks, however times are rounded', () => {
  fc.assert(
    fc.property(
      begins,
      fc.nat(1e6).map((whole) => whole / 991),
      (begin, later) => {
        const { clock, state, host } = mapHost(begin)
        clock.now += later
        const put = writePut(
          mapCall('set', { shards: 1, maxEntries: 0 }),
          Uint8Array.of(1),
          Uint8Array.of(1),
          1_000,
        )
        const call = { number: 1, received: [], key: undefined, call: put.finish() }
        const writer = new RequestWriter()
        writer.add({ type: 'call', ...call })
        const [session, putAt] = [sessionBytes('s'.repeat(16)), clock.now]
        host.receive(writer.take({ session, isKnown: false, floor: 0 }), 'peer')
        host.flush()
        while (state.machine.due() < Infinity) {
          const next = host.nextDeadline()
          expect(next).toBeGreaterThan(clock.now)
          clock.now = next
          host.look()
          host.flush()
        }
        expect(clock.now - putAt).toBeGreaterThanOrEqual(1_000 - 1e-6)
        expect(clock.now - putAt).toBeLessThanOrEqual(1_002)
      },
    ),
    { seed: 3, numRuns: 200 },
  )
})

test('whoever watched and was forgotten is told another count than it was before, as of one that missed changes', () => {
  const host = new Host(new PartState(new MapMachine()))
  const watch = { type: 'watch', number: 1, name: '' } as const
  host.request(first, { ...watch, seen: undefined })
  expect(host.replies.at(-1)).toMatchObject({ type: 'change', count: 0, changes: 0 })
  host.pass(31_000)
  const map = mapCall('set', { shards: 1, maxEntries: 0 })
  const put = writePut(map, Uint8Array.of(1), Uint8Array.of(1), 0).finish()
  host.request(second, { type: 'call', number: 1, received: [], key: undefined, call: put })
  host.request(first, { ...watch, seen: 0 })
  expect(host.replies.at(-1)).toMatchObject({ type: 'change', count: 2, changes: 1 })
  host.request(first, { ...watch, seen: 1 })
  expect(host.replies.at(-1)).toMatchObject({ type: 'change', count: 2, changes: 1 })
})
