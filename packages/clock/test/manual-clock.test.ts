import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../src/index.ts'

// A failure prints its seed; rerun it alone with CASTY_SEED=1234. CASTY_RUNS=100000 looks further.
fc.configureGlobal({
  seed: Number(process.env['CASTY_SEED'] ?? 1),
  numRuns: Number(process.env['CASTY_RUNS'] ?? 100),
})

describe('a manual clock', () => {
  test('stands still until it is advanced', () => {
    const clock = new ManualClock({ nowMs: 5, wallNowMs: 1_000 })
    expect([clock.now(), clock.wallNow()]).toEqual([5, 1_000])
    clock.advance(10)
    expect([clock.now(), clock.wallNow()]).toEqual([15, 1_010])
  })

  test('runs timers in order of due time, then of scheduling', () => {
    const clock = new ManualClock()
    const ran: string[] = []
    clock.schedule(20, () => ran.push('late'))
    clock.schedule(10, () => ran.push('first of two'))
    clock.schedule(10, () => ran.push('second of two'))
    clock.advance(20)
    expect(ran).toEqual(['first of two', 'second of two', 'late'])
  })

  test('shows each timer the instant it was due', () => {
    const clock = new ManualClock({ nowMs: 100 })
    const seen: number[] = []
    for (const delayMs of [30, 10, 20.5]) clock.schedule(delayMs, () => seen.push(clock.now()))
    clock.advance(1_000)
    expect(seen).toEqual([110, 120.5, 130])
    expect(clock.now()).toBe(1_100)
  })

  test('runs a timer set by a timer, when it is due within the same advance', () => {
    const clock = new ManualClock()
    const seen: number[] = []
    const tick = (): void => {
      seen.push(clock.now())
      clock.schedule(10, tick)
    }
    clock.schedule(10, tick)
    clock.advance(35)
    expect(seen).toEqual([10, 20, 30])
    expect(clock.nextTimerAt).toBe(40)
  })

  test('never runs a callback before schedule returns, not even without a delay', () => {
    const clock = new ManualClock()
    let ran = 0
    clock.schedule(0, () => (ran += 1))
    clock.schedule(-5, () => (ran += 1))
    expect(ran).toBe(0)
    clock.advance(0)
    expect(ran).toBe(2)
  })

  test('forgets a timer that was disposed of', () => {
    const clock = new ManualClock()
    let ran = 0
    const timer = clock.schedule(10, () => (ran += 1))
    timer[Symbol.dispose]()
    timer[Symbol.dispose]()
    expect(clock.pendingTimers).toBe(0)
    clock.advance(10)
    expect(ran).toBe(0)
  })

  test('lets a timer dispose of another that is due at the same instant', () => {
    const clock = new ManualClock()
    const ran: string[] = []
    clock.schedule(10, () => {
      ran.push('first')
      second[Symbol.dispose]()
    })
    const second = clock.schedule(10, () => ran.push('second'))
    clock.advance(10)
    expect(ran).toEqual(['first'])
  })

  test('keeps any set of timers in order, whichever are cancelled', () => {
    const timers = fc.array(fc.record({ delayMs: fc.nat(20), cancelled: fc.boolean() }))
    fc.assert(
      fc.property(timers, (wanted) => {
        const clock = new ManualClock()
        const ran: number[] = []
        const handles = wanted.map(({ delayMs }, index) =>
          clock.schedule(delayMs, () => ran.push(index)),
        )
        wanted.forEach(({ cancelled }, index) => {
          if (cancelled) handles[index]?.[Symbol.dispose]()
        })
        const kept = wanted.map((timer, index) => ({ ...timer, index })).filter((t) => !t.cancelled)
        expect(clock.pendingTimers).toBe(kept.length)
        clock.advance(20)
        expect(ran).toEqual(
          kept.toSorted((a, b) => a.delayMs - b.delayMs || a.index - b.index).map((t) => t.index),
        )
        expect(clock.pendingTimers).toBe(0)
        expect(clock.nextTimerAt).toBeUndefined()
      }),
    )
  })

  test('jumps on the wall without moving on the monotonic scale', () => {
    const clock = new ManualClock({ nowMs: 0, wallNowMs: 1_000 })
    let ran = 0
    clock.schedule(10, () => (ran += 1))
    clock.setWallNow(500_000)
    clock.advance(9)
    expect([clock.now(), clock.wallNow(), ran]).toEqual([9, 500_009, 0])
    clock.setWallNow(0)
    clock.advance(1)
    expect([clock.now(), clock.wallNow(), ran]).toEqual([10, 1, 1])
  })

  test('stops where a callback throws, and can go on', () => {
    const clock = new ManualClock()
    let ran = 0
    clock.schedule(10, () => {
      throw new Error('a defect')
    })
    clock.schedule(20, () => (ran += 1))
    expect(() => clock.advance(20)).toThrow('a defect')
    expect(clock.now()).toBe(10)
    clock.advance(10)
    expect(ran).toBe(1)
  })

  test('refuses to be advanced from one of its timers', () => {
    const clock = new ManualClock()
    clock.schedule(1, () => clock.advance(1))
    expect(() => clock.advance(1)).toThrow(expect.objectContaining({ code: 'CASTY_CLOCK_BUSY' }))
  })

  test('reports a timer that sets itself again without a delay', () => {
    const clock = new ManualClock()
    const again = (): void => void clock.schedule(0, again)
    again()
    expect(() => clock.advance(1)).toThrow(expect.objectContaining({ code: 'CASTY_CLOCK_RUNAWAY' }))
  })

  test('runs any number of timers when time moves on between them', () => {
    const clock = new ManualClock()
    let ran = 0
    const tick = (): void => {
      ran += 1
      clock.schedule(1, tick)
    }
    clock.schedule(1, tick)
    clock.advance(150_000)
    expect(ran).toBe(150_000)
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to advance by %d', (ms) => {
    expect(() => new ManualClock().advance(ms)).toThrow(
      expect.objectContaining({ code: 'CASTY_CLOCK_INVALID' }),
    )
  })

  test('refuses a delay that is not a number, and keeps one that never ends', () => {
    const clock = new ManualClock()
    expect(() => clock.schedule(Number.NaN, () => {})).toThrow(
      expect.objectContaining({ code: 'CASTY_CLOCK_INVALID' }),
    )
    clock.schedule(Number.POSITIVE_INFINITY, () => {})
    clock.advance(1e15)
    expect(clock.pendingTimers).toBe(1)
  })
})

describe('advancing asynchronously', () => {
  test('settles deep promise chains between timers', async () => {
    const clock = new ManualClock()
    const seen: string[] = []
    clock.schedule(10, () => {
      void (async () => {
        for (let turn = 0; turn < 5_000; turn++) await Promise.resolve()
        seen.push(`chain at ${clock.now()}`)
      })()
    })
    clock.schedule(20, () => seen.push(`timer at ${clock.now()}`))
    await clock.advanceAsync(20)
    expect(seen).toEqual(['chain at 10', 'timer at 20'])
  })

  test('settles what was waiting before the first timer, and what the last one left', async () => {
    const clock = new ManualClock()
    const seen: string[] = []
    void Promise.resolve().then(() => clock.schedule(5, () => seen.push('set by a promise')))
    clock.schedule(10, () => void Promise.resolve().then(() => seen.push('left by the last')))
    await clock.advanceAsync(10)
    expect(seen).toEqual(['set by a promise', 'left by the last'])
  })

  test('runs a sleep in a loop as many times as fit', async () => {
    const clock = new ManualClock()
    let laps = 0
    void (async () => {
      while (laps < 100) {
        await new Promise<void>((resolve) => void clock.schedule(10, resolve))
        laps += 1
      }
    })()
    await clock.advanceAsync(250)
    expect(laps).toBe(25)
  })

  test('refuses a second advance meanwhile', async () => {
    const clock = new ManualClock()
    const running = clock.advanceAsync(10)
    expect(() => clock.advance(1)).toThrow(expect.objectContaining({ code: 'CASTY_CLOCK_BUSY' }))
    await running
    clock.advance(1)
    expect(clock.now()).toBe(11)
  })
})

test('timers due together run in the order drawn, where draws are given', () => {
  const draws = [0.5, 0.1, 0.9]
  const clock = new ManualClock({ tieBreak: () => draws.shift() ?? 0 })
  const ran: string[] = []
  for (const name of ['first', 'second', 'third']) clock.schedule(10, () => ran.push(name))
  clock.advance(10)
  expect(ran).toEqual(['second', 'first', 'third'])
})

test('advancing tells of each timer when all that followed from it has settled', async () => {
  const clock = new ManualClock()
  const ran: string[] = []
  clock.schedule(1, () => void Promise.resolve().then(() => ran.push('settled')))
  clock.schedule(2, () => ran.push('second'))
  await clock.advanceAsync(5, () => ran.push(`after ${clock.now()}`))
  expect(ran).toEqual(['settled', 'after 1', 'second', 'after 2'])
})
