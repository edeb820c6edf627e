import { ManualClock } from '@casty/clock'
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
