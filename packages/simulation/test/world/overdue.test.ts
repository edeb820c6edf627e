import { ManualClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { NodeClock } from '../../src/world/node-clock.ts'
import { whenOverdue } from '../../src/world/overdue.ts'

test('what a process waits for is overdue after twice its time', () => {
  const world = new ManualClock()
  const overdue: number[] = []
  whenOverdue(new NodeClock(world), 100, () => overdue.push(world.now()))
  world.advance(1_000)
  expect(overdue).toEqual([200])
})

test('a process that stood still, however often, has all of the time after it went on', () => {
  const world = new ManualClock()
  const clock = new NodeClock(world)
  const overdue: number[] = []
  whenOverdue(clock, 100, () => overdue.push(world.now()))
  for (let halt = 0; halt < 3; halt++) {
    world.advance(150)
    clock.freeze()
    world.advance(1_000)
    clock.thaw()
  }
  expect(overdue).toEqual([])
  world.advance(1_000)
  expect(overdue).toEqual([3 * 1_150 + 200])
})

test('nothing is overdue that is not waited for any more', () => {
  const world = new ManualClock()
  const overdue: number[] = []
  whenOverdue(world, 100, () => overdue.push(world.now()))[Symbol.dispose]()
  world.advance(1_000)
  expect(overdue).toEqual([])
})
