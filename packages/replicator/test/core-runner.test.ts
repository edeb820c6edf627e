import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { CoreRunner, momentOf } from '../src/core-runner.ts'

/** A core that does as it is told: each event has effects of its own, and is noted. */
class World {
  readonly clock = new ManualClock()
  readonly steps: string[] = []
  readonly performed: string[] = []
  deadlineMs = Infinity
  readonly runner: CoreRunner<string, string>
  raises: string | undefined
  error: Error | undefined

  constructor() {
    this.runner = new CoreRunner<string, string>({
      clock: this.clock,
      step: (event) => {
        this.steps.push(event)
        return [`${event} 1`, `${event} 2`]
      },
      nextDeadline: () => this.deadlineMs,
      perform: (effect) => {
        const { error } = this
        this.error = undefined
        if (error) throw error
        this.performed.push(effect)
        const { raises } = this
        this.raises = undefined
        if (raises) this.runner.dispatch(raises)
      },
      timePassed: 'time',
    })
  }
}

test('an event that is raised by what follows from another waits its turn', () => {
  const world = new World()
  world.raises = 'second'
  world.runner.dispatch('first')
  expect(world.performed).toEqual(['first 1', 'first 2', 'second 1', 'second 2'])
})

test('what cannot be carried out keeps neither later events nor time from the core', () => {
  const world = new World()
  world.error = new Error('cannot be carried out')
  world.deadlineMs = 100
  expect(() => world.runner.dispatch('first')).toThrow('cannot be carried out')
  world.runner.dispatch('second')
  world.deadlineMs = Infinity
  world.clock.advance(100)
  expect(world.steps).toEqual(['first', 'second', 'time'])
})

test('the core is told when its next deadline has come, once', () => {
  const world = new World()
  world.deadlineMs = 100
  world.runner.dispatch('event')
  world.runner.dispatch('event')
  world.clock.advance(99)
  expect(world.steps).toEqual(['event', 'event'])
  world.deadlineMs = Infinity
  world.clock.advance(1)
  world.clock.advance(1_000)
  expect(world.steps).toEqual(['event', 'event', 'time'])
})

test('a deadline that comes sooner, or not at all, takes the place of the one before', () => {
  const world = new World()
  world.deadlineMs = 100
  world.runner.arm()
  world.deadlineMs = 50
  world.runner.arm()
  world.deadlineMs = Infinity
  world.clock.advance(50)
  expect(world.steps).toEqual(['time'])
  world.clock.advance(50)
  expect(world.steps).toEqual(['time'])
})

test('nothing happens any more once it is disposed of', () => {
  const world = new World()
  world.deadlineMs = 100
  world.runner.arm()
  world.runner[Symbol.dispose]()
  world.clock.advance(100)
  world.runner.dispatch('event')
  expect([world.steps, world.runner.isDisposed]).toEqual([[], true])
})

test('a moment has the wall clock in whole milliseconds, never below zero', () => {
  const momentAt = (wallMs: number): unknown =>
    momentOf({ now: () => 1.5, wallNow: () => wallMs, schedule: () => new DisposableStack() })
  expect(momentAt(7.9)).toEqual({ nowMs: 1.5, wallMs: 7 })
  expect(momentAt(-1)).toEqual({ nowMs: 1.5, wallMs: 0 })
})
