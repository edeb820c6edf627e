import { ManualClock, systemClock } from '@casty/clock'
import { expect, test } from 'vitest'
import { LeaseGate } from '../src/lease-gate.ts'

function gateOf(clock: ManualClock): { gate: LeaseGate; opened: () => number } {
  const gate = new LeaseGate(clock)
  let times = 0
  gate.subscribe(() => times++)
  return { gate, opened: () => times }
}

test('it is open while the lease lasts, and tells whoever found it closed when it opens', () => {
  const clock = new ManualClock()
  const { gate, opened } = gateOf(clock)
  expect(gate.isOpen()).toBe(false)
  gate.setUntil(1_000)
  expect(opened()).toBe(1)
  clock.advance(999)
  expect(gate.isOpen()).toBe(true)
  clock.advance(1)
  expect(gate.isOpen()).toBe(false)
  gate.setUntil(2_000)
  expect([gate.isOpen(), opened()]).toEqual([true, 2])
})

test('a lease that is renewed in time is no news', () => {
  const clock = new ManualClock()
  const { gate, opened } = gateOf(clock)
  gate.setUntil(1_000)
  clock.advance(500)
  gate.setUntil(1_500)
  clock.advance(700)
  expect([gate.isOpen(), opened()]).toEqual([true, 0])
})

test('on a machine that slept it is closed, until the lease is renewed', () => {
  const clock = new ManualClock()
  const { gate, opened } = gateOf(clock)
  gate.setUntil(1_000)
  clock.advance(100)
  clock.setWallNow(clock.wallNow() + 60_000) // The monotonic clock stood still meanwhile.
  expect(gate.isOpen()).toBe(false)
  gate.setUntil(1_100)
  expect([gate.isOpen(), opened()]).toEqual([true, 1])
})

test('a wall clock that was set back gives nobody more time', () => {
  const clock = new ManualClock()
  const { gate } = gateOf(clock)
  gate.setUntil(1_000)
  clock.setWallNow(0)
  clock.advance(1_000)
  expect(gate.isOpen()).toBe(false)
})

test('whoever is not interested any more is not told', () => {
  const gate = new LeaseGate(new ManualClock())
  let times = 0
  const subscription = gate.subscribe(() => times++)
  expect(gate.isOpen()).toBe(false)
  subscription[Symbol.dispose]()
  gate.setUntil(1_000)
  expect(times).toBe(0)
})

test('the wall clock is looked at once in a turn, the monotonic one each time', () => {
  const clock = new ManualClock()
  let endTurn = (): void => {}
  const gate = new LeaseGate(clock, (callback) => (endTurn = callback))
  gate.setUntil(1_000)
  expect(gate.isOpen()).toBe(true)
  clock.setWallNow(clock.wallNow() + 60_000) // It slept in the midst of it.
  expect(gate.isOpen()).toBe(true)
  endTurn()
  expect(gate.isOpen()).toBe(false)
  gate.setUntil(1_100)
  expect(gate.isOpen()).toBe(true)
  clock.advance(1_100) // The process stood still, in the midst of a turn.
  expect(gate.isOpen()).toBe(false)
})

test('a gate on the clock of the system closes after a turn in which it was open', async () => {
  const gate = new LeaseGate(systemClock)
  gate.setUntil(systemClock.now() + 60_000)
  expect(gate.isOpen()).toBe(true)
  gate.setUntil(Number.NEGATIVE_INFINITY)
  expect(gate.isOpen()).toBe(false)
  await Promise.resolve()
  expect(gate.isOpen()).toBe(false)
})
