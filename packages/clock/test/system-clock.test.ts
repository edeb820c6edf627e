import { stat } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../src/index.ts'

// The runtime's time is replaced, so that these tests neither wait nor depend on the machine.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'], now: 1_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the system clock', () => {
  test('tells monotonic and wall time', () => {
    const start = systemClock.now()
    vi.advanceTimersByTime(250)
    expect(systemClock.now() - start).toBe(250)
    expect(systemClock.wallNow()).toBe(1_250)
  })

  test('does not move when the wall clock is set', () => {
    const start = systemClock.now()
    vi.setSystemTime(9_000_000)
    expect(systemClock.now() - start).toBeLessThan(1)
    expect(systemClock.wallNow()).toBe(9_000_000)
  })

  test('runs a callback once, when it is due', () => {
    let ran = 0
    systemClock.schedule(100, () => (ran += 1))
    vi.advanceTimersByTime(99)
    expect(ran).toBe(0)
    vi.advanceTimersByTime(1)
    expect(ran).toBe(1)
    vi.advanceTimersByTime(1_000)
    expect(ran).toBe(1)
  })

  test('does not run early for a fraction of a millisecond', () => {
    let ranAt = Number.NaN
    const start = systemClock.now()
    systemClock.schedule(10.4, () => (ranAt = systemClock.now()))
    vi.advanceTimersByTime(20)
    expect(ranAt - start).toBeGreaterThanOrEqual(10.4)
  })

  test('keeps a delay that is longer than a runtime timer can hold', () => {
    const tenWeeksMs = 70 * 86_400_000
    let ran = 0
    systemClock.schedule(tenWeeksMs, () => (ran += 1))
    vi.advanceTimersByTime(tenWeeksMs - 1)
    expect(ran).toBe(0)
    vi.advanceTimersByTime(1)
    expect(ran).toBe(1)
  })

  test('can be cancelled in the second half of a very long delay', () => {
    let ran = 0
    const timer = systemClock.schedule(2 ** 32, () => (ran += 1))
    vi.advanceTimersByTime(2 ** 31 + 10)
    timer[Symbol.dispose]()
    timer[Symbol.dispose]()
    vi.advanceTimersByTime(2 ** 32)
    expect(ran).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('never calls back before schedule returns', async () => {
    vi.useRealTimers()
    let ran = 0
    const isOver = new Promise((resolve) => systemClock.schedule(0, () => resolve((ran += 1))))
    expect(ran).toBe(0)
    await isOver
    expect(ran).toBe(1)
  })

  test('waits for no timer where there is no delay, and can be cancelled then as well', async () => {
    vi.useRealTimers()
    const order: string[] = []
    await new Promise<void>((resolve) => {
      // What follows input comes before timers, whatever these were set to.
      stat('.', () => {
        setTimeout(() => {
          order.push('timer')
          resolve()
        }, 0)
        systemClock.schedule(0, () => order.push('cancelled'))[Symbol.dispose]()
        for (const delayMs of [0, -1]) systemClock.schedule(delayMs, () => order.push('soon'))
      })
    })
    expect(order).toEqual(['soon', 'soon', 'timer'])
  })

  test('refuses a delay that is not a number', () => {
    expect(() => systemClock.schedule(Number.NaN, () => {})).toThrow(
      expect.objectContaining({ code: 'CASTY_CLOCK_INVALID' }),
    )
  })
})
