// What becomes of calls while they are under way, without what sends them.
import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { CallsUnderWay, failAll, skip } from '../src/session/calls-under-way.ts'
import { DDataError } from '../src/errors.ts'
import type { Stuck } from '../src/session/lane-port.ts'
import type { CallTerms, PendingCall } from '../src/session/pending.ts'
import { doneResult } from './outcome.ts'
import { laneSettings } from './lane-settings.ts'

/** Calls, and how they ended. */
class Calls {
  readonly clock = new ManualClock()
  readonly outcomes: string[] = []
  readonly withdrawn: number[] = []
  readonly calls: CallsUnderWay
  stuck: Stuck | undefined
  #last = 0

  constructor() {
    this.calls = new CallsUnderWay(
      {
        now: () => this.clock.now(),
        stuck: () => this.stuck,
        whyNot: () => this.stuck?.why,
        withdraw: (number) => void this.withdrawn.push(number),
        wake: () => {},
      },
      laneSettings,
    )
  }

  begin(terms: Partial<CallTerms> = {}, mayWait = false): PendingCall {
    const number = ++this.#last
    const { outcomes } = this
    return this.calls.begin(
      number,
      Uint8Array.of(number),
      { what: 'it', timeoutMs: 5_000, ...terms },
      {
        done: () => void outcomes.push(`${number} done`),
        refused: ({ code }) => void outcomes.push(`${number} ${code}`),
        failed: (error) => {
          const { code, applied } = error as DDataError
          outcomes.push(`${number} ${code} ${applied}`)
        },
        offered: () => void outcomes.push(`${number} offered`),
        givesUp: () => void outcomes.push(`${number} gives up`),
        late: () => void outcomes.push(`${number} late`),
      },
      mayWait,
      this.clock.now(),
    )
  }

  pass(ms: number): void {
    this.clock.advance(ms)
    this.calls.endLate(this.clock.now())
  }
}

test('the first open call is the lowest that neither ended nor waits for its turn', () => {
  const world = new Calls()
  expect(world.calls.firstOpen).toBeUndefined()
  world.begin({}, true)
  world.begin()
  world.begin()
  expect(world.calls.firstOpen).toBe(1)
  world.calls.parked(1)
  expect(world.calls.firstOpen).toBe(2)
  world.calls.answered(2, doneResult)
  expect(world.calls.firstOpen).toBe(3)
})

test('the next call says which answers of those that may wait were received', () => {
  const world = new Calls()
  world.begin({}, true)
  world.begin()
  world.calls.answered(1, doneResult)
  world.calls.answered(2, doneResult)
  expect(world.begin().received).toEqual([1])
  expect(world.begin().received).toEqual([])
})

test('a call ends once, and an answer of one that is not under way is nothing', () => {
  const world = new Calls()
  world.begin()
  world.calls.answered(1, doneResult)
  world.calls.answered(1, doneResult)
  world.pass(5_000)
  expect(world.outcomes).toEqual(['1 done'])
})

test('a call that never waits is replaced by one that does nothing once its time is over', () => {
  const world = new Calls()
  const pending = world.begin()
  world.pass(4_999)
  expect(pending.call).not.toBe(skip)
  world.pass(1)
  expect(pending.call).toBe(skip)
  expect(world.outcomes).toEqual(['1 CASTY_DDATA_TIMEOUT unknown'])
  expect(world.calls.has(1)).toBe(true)
})

test('one that waits is withdrawn once its time is over, and settled where nobody says how it ended', () => {
  const world = new Calls()
  world.begin({ waitMs: 2_000 }, true)
  world.calls.parked(1)
  world.pass(2_000)
  expect([world.withdrawn, world.outcomes]).toEqual([[1], ['1 gives up']])
  world.pass(laneSettings.settleMs)
  expect(world.outcomes).toEqual(['1 gives up', '1 CASTY_DDATA_TIMEOUT unknown'])
  world.calls.answered(1, doneResult)
  expect(world.outcomes.at(-1)).toBe('1 late')
})

test('one that would wait for however long is given up where its part cannot be asked at all', () => {
  const world = new Calls()
  world.begin({ timeoutMs: Infinity, waitMs: Infinity }, true)
  world.pass(laneSettings.settleMs)
  expect(world.outcomes).toEqual([])
  world.stuck = { why: 'nobody is there', since: world.clock.now() }
  world.pass(laneSettings.settleMs - 1)
  expect(world.outcomes).toEqual([])
  world.pass(1)
  expect(world.outcomes).toEqual(['1 gives up', '1 CASTY_DDATA_UNAVAILABLE unknown'])
})

test('what is offered comes to who still waits alone', () => {
  const world = new Calls()
  const controller = new AbortController()
  world.begin({ signal: controller.signal }, true)
  world.calls.offered(1)
  controller.abort()
  world.calls.offered(1)
  expect(world.outcomes).toEqual(['1 offered', '1 gives up'])
})

test('who hears of its turn before it is written that it waits is not taken to wait yet', () => {
  const world = new Calls()
  world.begin({}, true)
  world.calls.offered(1)
  expect([world.outcomes, world.calls.firstOpen]).toEqual([['1 offered'], 1])
})

test('calls are sent again after a while: those that wait for their turn less often', () => {
  const world = new Calls()
  expect(world.calls.nextResend(500)).toBe(Infinity)
  world.begin({}, true)
  world.begin()
  expect(world.calls.nextResend(500)).toBe(500)
  world.calls.answered(2, doneResult)
  world.calls.parked(1)
  expect(world.calls.nextResend(500)).toBe(laneSettings.pollMs)
})

test('all fail once that have not ended', () => {
  const world = new Calls()
  const controller = new AbortController()
  world.begin({ timeoutMs: 1 })
  world.pass(1)
  world.begin()
  world.begin({ signal: controller.signal })
  const calls = world.calls.takeAll()
  controller.abort()
  failAll(calls, ({ terms }) => DDataError.indeterminate(terms.what))
  expect(world.calls.size).toBe(0)
  expect(world.outcomes).toEqual([
    '1 CASTY_DDATA_TIMEOUT unknown',
    '3 CASTY_DDATA_ABORTED unknown',
    '2 CASTY_DDATA_INDETERMINATE unknown',
  ])
})
