import { expect, test } from 'vitest'
import { Disturbances } from '../../src/index.ts'

test('a link was bad as long as a fault lay on it, in either direction', () => {
  const disturbances = new Disturbances()
  const fault = disturbances.linkWorsens('a', 'b', 100)
  expect(disturbances.wasLinkBad('b', 'a', 5_000)).toBe(true)
  fault.over(200)
  expect(disturbances.wasLinkBad('b', 'a', 200)).toBe(true)
  expect(disturbances.wasLinkBad('a', 'b', 201)).toBe(false)
  expect(disturbances.wasLinkBad('a', 'c', 0)).toBe(false)
})

test('a link is bad until the last of its faults is over', () => {
  const disturbances = new Disturbances()
  const first = disturbances.linkWorsens('a', 'b', 100)
  const second = disturbances.linkWorsens('b', 'a', 150)
  first.over(200)
  second.over(300)
  expect(disturbances.wasLinkBad('a', 'b', 250)).toBe(true)
  expect(disturbances.wasLinkBad('a', 'b', 301)).toBe(false)
})

test('what is over stays over', () => {
  const disturbances = new Disturbances()
  const fault = disturbances.linkWorsens('a', 'b', 0)
  fault.over(100)
  fault.over(500)
  expect(disturbances.wasLinkBad('a', 'b', 200)).toBe(false)
})

test('a host stood still for the sum of its stops, those that overlap counted once', () => {
  const disturbances = new Disturbances()
  disturbances.hostStops('a', 100).over(300)
  disturbances.hostStops('a', 200).over(400)
  disturbances.hostStops('a', 250).over(260)
  disturbances.hostStops('a', 600).over(700)
  expect(disturbances.stoppedMs('a', 0, 1_000)).toBe(400)
  expect(disturbances.stoppedMs('b', 0, 1_000)).toBe(0)
})

test('of a stop only what lies between then and now counts', () => {
  const disturbances = new Disturbances()
  disturbances.hostStops('a', 100)
  expect(disturbances.stoppedMs('a', 400, 1_000)).toBe(600)
  expect(disturbances.stoppedMs('a', 0, 50)).toBe(0)
})
