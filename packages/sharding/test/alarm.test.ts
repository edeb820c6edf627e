// When replication looks at what is due.
import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { Alarm } from '../src/replication/alarm.ts'

/** Something is due each second; the process may stand still, and then its timers run late. */
function alarmed() {
  const clock = new ManualClock()
  const ticks: number[] = []
  const world = { clock, ticks, stoodStillMs: 0, dueAt: 1_000 }
  const now = (): number => clock.now() + world.stoodStillMs
  const alarm = new Alarm({
    clock: { now, schedule: (delayMs, callback) => clock.schedule(delayMs, callback) },
    nextDeadline: () => world.dueAt,
    tick: (at) => {
      if (at < world.dueAt) return
      ticks.push(at)
      world.dueAt += 1_000
    },
  })
  return Object.assign(world, { alarm })
}

test('what is due is done when it is due', () => {
  const { alarm, clock, ticks } = alarmed()
  alarm.arm()
  clock.advance(3_500)
  expect(ticks).toEqual([1_000, 2_000, 3_000])
})

test('what began meanwhile and is due earlier is looked for soon', () => {
  const world = alarmed()
  world.alarm.arm()
  world.clock.advance(150)
  world.dueAt = 160
  world.clock.advance(150)
  expect(world.ticks).toEqual([200])
})

test('a process that stood still reads what came meanwhile before it takes anything for late', () => {
  const world = alarmed()
  world.alarm.arm()
  world.clock.advance(950)
  world.stoodStillMs = 700
  world.clock.advance(50)
  expect(world.ticks).toEqual([])
  // An answer was read.
  world.dueAt = 5_000
  world.clock.advance(1_000)
  expect(world.ticks).toEqual([])
})

test('where timers are late each time, what is due is done all the same', () => {
  const world = alarmed()
  world.alarm.arm()
  for (let round = 0; round < 20; round++) {
    world.stoodStillMs += 300
    world.clock.advance(100)
  }
  expect(world.ticks.length).toBeGreaterThan(2)
})

test('it does nothing more once it is disposed of', () => {
  const { alarm, clock, ticks } = alarmed()
  alarm.arm()
  alarm[Symbol.dispose]()
  alarm.arm()
  clock.advance(3_000)
  expect([ticks, clock.pendingTimers]).toEqual([[], 0])
})
