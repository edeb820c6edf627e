import { StallGrace } from '@casty/clock'
import { expect, test } from 'vitest'

test('a timer that is in time, or a little late, waits no longer', () => {
  const stall = new StallGrace()
  expect([0, 50, 200].map((lateMs) => stall.graceMs(lateMs))).toEqual([0, 0, 0])
})

test('one that is late by more waits on once, and where it is late each time, every other time', () => {
  const stall = new StallGrace()
  expect([201, 0, 5_000, 5_000, 5_000].map((lateMs) => stall.graceMs(lateMs))).toEqual([
    100, 0, 100, 0, 100,
  ])
})

test('who waits next sees another stall', () => {
  const stall = new StallGrace()
  expect(stall.graceMs(300)).toBe(100)
  stall.forget()
  expect(stall.graceMs(300)).toBe(100)
})
