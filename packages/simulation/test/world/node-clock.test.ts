import { ManualClock } from '@casty/clock'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeClock } from '../../src/index.ts'

/** A clock, and the log of timers that ran on it: name and time of the world. */
function start(skew: { rate?: number; wallOffsetMs?: number } = {}): {
  world: ManualClock
  clock: NodeClock
  ran: string[]
  after: (delayMs: number, name: string) => Disposable
} {
  const world = new ManualClock({ nowMs: 10_000, wallNowMs: 1_000_000 })
  const clock = new NodeClock(world, skew)
  const ran: string[] = []
  const after = (delayMs: number, name: string): Disposable =>
    clock.schedule(delayMs, () => ran.push(`${name} ${Math.round(world.now() - 10_000)}`))
  return { world, clock, ran, after }
}

describe('the clock of a process', () => {
  test('starts at 0, whenever the process does', () => {
    expect(start().clock.now()).toBe(0)
  })

  test('runs at its own rate, and so do its timers', () => {
    const { world, clock, ran, after } = start({ rate: 2 })
    after(1_000, 'timer')
    world.advance(3_000)
    expect(clock.now()).toBe(6_000)
    expect(ran).toEqual(['timer 500'])
  })

  test('has a wall clock that is off and drifts', () => {
    const { world, clock } = start({ rate: 1.5, wallOffsetMs: -300 })
    expect(clock.wallNow()).toBe(999_700)
    world.advance(1_000)
    expect(clock.wallNow()).toBe(1_001_200)
  })

  test('moves no timer and no deadline when its wall clock is set', () => {
    const { world, clock, ran, after } = start()
    after(100, 'timer')
    clock.jumpWall(-5_000)
    expect(clock.wallNow()).toBe(995_000)
    expect(clock.now()).toBe(0)
    world.advance(100)
    expect(ran).toEqual(['timer 100'])
  })

  test('runs no timer early by its own time, at whatever rate', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.9, max: 1.1, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (rate, delayMs) => {
          const { world, clock } = start({ rate })
          let at = Number.NaN
          clock.schedule(delayMs, () => (at = clock.now()))
          world.advance(2e6)
          expect(at).toBeGreaterThanOrEqual(delayMs)
        },
      ),
    )
  })

  test('forgets a timer that is cancelled', () => {
    const { world, clock, ran, after } = start()
    after(100, 'timer')[Symbol.dispose]()
    expect(clock.pendingTimers).toBe(0)
    world.advance(200)
    expect(ran).toEqual([])
  })
})

describe('a process that stands still', () => {
  test('runs no timer until it goes on, and then the late ones in the order in which they were due', () => {
    const { world, clock, ran, after } = start()
    after(300, 'third')
    after(100, 'first')
    after(200, 'second')
    after(900, 'in time')
    clock.freeze()
    world.advance(500)
    expect(ran).toEqual([])
    clock.thaw()
    world.advance(500)
    expect(ran).toEqual(['first 500', 'second 500', 'third 500', 'in time 900'])
  })

  test('runs late timers of one instant in the order in which they were set', () => {
    const { world, clock, ran, after } = start()
    for (const name of ['first', 'second', 'third']) after(100, name)
    clock.freeze()
    world.advance(500)
    clock.thaw()
    world.advance(1)
    expect(ran).toEqual(['first 500', 'second 500', 'third 500'])
  })

  test('lets its late timers wait for what the sockets hold, if told to', () => {
    const { world, clock, ran, after } = start()
    after(100, 'timer')
    clock.freeze()
    world.advance(500)
    clock.thaw(50)
    world.advance(49)
    expect(ran).toEqual([])
    world.advance(1)
    expect(ran).toEqual(['timer 550'])
  })

  test('keeps what is set or cancelled meanwhile', () => {
    const { world, clock, ran, after } = start()
    const cancelled = after(100, 'cancelled')
    clock.freeze()
    cancelled[Symbol.dispose]()
    after(10, 'set meanwhile')
    world.advance(500)
    clock.thaw()
    world.advance(0.001)
    expect(ran).toEqual(['set meanwhile 500'])
  })

  test('finds on waking that time has passed', () => {
    const { world, clock } = start()
    clock.freeze()
    world.advance(500)
    clock.thaw()
    expect(clock.now()).toBe(500)
  })

  test('does not find so when its machine slept, but by the wall clock', () => {
    const { world, clock, ran, after } = start()
    world.advance(400)
    after(600, 'timer')
    clock.freeze({ asleep: true })
    world.advance(5_000)
    clock.thaw()
    expect(clock.now()).toBe(400)
    expect(clock.wallNow()).toBe(1_005_400)
    world.advance(1_000)
    expect(ran).toEqual(['timer 6000'])
  })

  test('may be frozen twice before it goes on', () => {
    const { world, clock, ran, after } = start()
    after(100, 'timer')
    clock.freeze()
    clock.freeze({ asleep: true })
    world.advance(50)
    clock.thaw()
    world.advance(200)
    expect(ran).toEqual(['timer 150'])
  })
})

describe('a loop that blocks', () => {
  test('does so at the given read of the time: what that read answers is late already', () => {
    const { clock } = start()
    let begun = 0
    clock.blockSoon(3, 700, () => begun++)
    expect([clock.now(), clock.now(), begun, clock.now(), begun]).toEqual([0, 0, 0, 700, 1])
    expect(clock.isBlockPending).toBe(false)
    expect(clock.now()).toBe(700)
  })

  test('is late by the wall clock as well', () => {
    const { world, clock } = start()
    clock.blockSoon(1, 700, () => {})
    clock.now()
    expect(clock.wallNow()).toBe(1_000_700)
    world.advance(700)
    expect(clock.wallNow()).toBe(1_000_700)
  })

  test('sets timers of that callback by the time after the block', () => {
    const { world, clock, ran, after } = start()
    clock.blockSoon(1, 700, () => clock.freeze())
    clock.now()
    after(100, 'timer')
    world.advance(700)
    clock.thaw()
    world.advance(200)
    expect(ran).toEqual(['timer 800'])
  })

  test('runs no timer early though it goes on before the block is over', () => {
    const { world, clock, ran } = start()
    clock.blockSoon(1, 700, () => clock.freeze())
    clock.now()
    world.advance(600)
    clock.thaw()
    const again = (left: number): void =>
      void clock.schedule(100, () => {
        ran.push(`${left} ${Math.round(world.now() - 10_000)}`)
        if (left > 1) again(left - 1)
      })
    again(3)
    world.advance(1_400)
    expect(ran).toEqual(['3 700', '2 800', '1 900'])
    expect(clock.now()).toBe(2_100)
  })

  test('blocks anyway where it reads no time', () => {
    const { clock } = start()
    clock.blockSoon(1_000, 700, () => {})
    clock.blockNow()
    expect(clock.now()).toBe(700)
  })

  test('does not block while it stands still for another reason', () => {
    const { clock } = start()
    clock.freeze()
    clock.blockSoon(1, 700, () => {})
    expect(clock.now()).toBe(0)
    expect(clock.isBlockPending).toBe(true)
  })
})

describe('a process that is killed', () => {
  test('runs nothing any more, also of what is set afterwards', () => {
    const { world, clock, ran, after } = start()
    after(100, 'before')
    clock.blockSoon(1, 500, () => {})
    clock.kill()
    after(100, 'afterwards')
    world.advance(1_000)
    expect(ran).toEqual([])
    expect(clock.pendingTimers).toBe(0)
    expect(clock.isBlockPending).toBe(false)
  })
})
