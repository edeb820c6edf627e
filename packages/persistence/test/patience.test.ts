// Waiting for a journal, by clocks that stand still.
import { ManualClock, type Clock } from '@casty/clock'
import { expect, test } from 'vitest'
import { Patience, patiently } from '../src/sourced/patience.ts'
import { waitersOf } from '../src/sourced/waiters.ts'

/** The clock of a process that stands still now and then: its timers do not run meanwhile. */
function clockThatStops(): { readonly base: ManualClock; readonly clock: Clock; stoodMs: number } {
  const base = new ManualClock()
  const stopping = {
    base,
    stoodMs: 0,
    clock: {
      now: () => base.now() + stopping.stoodMs,
      wallNow: () => base.wallNow(),
      schedule: (delayMs: number, callback: () => void) => base.schedule(delayMs, callback),
    },
  }
  return stopping
}

test('an answer that came while the process stood still counts', async () => {
  const process = clockThatStops()
  let answer = (_value: string): void => {}
  const call = new Promise<string>((resolve) => (answer = resolve))
  const waiting = patiently(process.clock, 10_000, () => call)
  process.stoodMs = 20_000
  await process.base.advanceAsync(10_000) // The timer runs, twenty seconds late.
  answer('written')
  await expect(waiting).resolves.toBe('written')
  expect(process.base.pendingTimers).toBe(0)
})

test('an answer that came while the process stood still counts each time', async () => {
  const process = clockThatStops()
  for (let time = 0; time < 3; time++) {
    let answer = (_value: string): void => {}
    const call = new Promise<string>((resolve) => (answer = resolve))
    const waiting = patiently(process.clock, 10_000, () => call)
    process.stoodMs += 20_000
    await process.base.advanceAsync(10_000)
    answer('written')
    await expect(waiting).resolves.toBe('written')
  }
})

test('a sign of life that came while the process stood still counts', async () => {
  const process = clockThatStops()
  const patience = new Patience(process.clock, 10_000)
  let isExhausted = false
  const over = patience.exhausted.catch(() => (isExhausted = true))
  process.stoodMs = 20_000
  await process.base.advanceAsync(10_000)
  patience.heard()
  await process.base.advanceAsync(9_999)
  expect(isExhausted).toBe(false)
  await process.base.advanceAsync(101)
  expect(isExhausted).toBe(true)
  await over
})

test('a journal that does not answer is given up, though timers are late each time', async () => {
  const process = clockThatStops()
  const waiting = patiently(process.clock, 10_000, () => new Promise(() => {}))
  const failed = expect(waiting).rejects.toThrow('has not answered for 10000 ms')
  process.stoodMs = 20_000
  await process.base.advanceAsync(10_000)
  process.stoodMs = 40_000
  await process.base.advanceAsync(100)
  await failed
  expect(process.base.pendingTimers).toBe(0)
})

test('lengths of time that nobody waits for any more are forgotten', () => {
  const clock = new ManualClock()
  const first = waitersOf(clock, 1_000)
  const waiter = first.add(() => {})
  expect(waitersOf(clock, 2_000)).toBe(waitersOf(clock, 2_000))
  expect(waitersOf(clock, 1_000)).toBe(first)
  first.delete(waiter)
  waitersOf(clock, 3_000)
  expect(waitersOf(clock, 1_000)).not.toBe(first)
  expect(clock.pendingTimers).toBe(0)
})
