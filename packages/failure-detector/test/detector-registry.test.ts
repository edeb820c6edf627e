import { describe, expect, test } from 'vitest'
import { DeadlineDetector, DetectorRegistry, PhiAccrualFailureDetector } from '../src/index.ts'

describe('the phi accrual failure detector', () => {
  test('keeps a detector per node', () => {
    const detector = new PhiAccrualFailureDetector()
    detector.heartbeat('a:1', 0)
    detector.heartbeat('b:1', 9_000)
    expect(detector.isAvailable('a:1', 10_000)).toBe(false)
    expect(detector.isAvailable('b:1', 10_000)).toBe(true)
    expect(detector.phi('a:1', 10_000)).toBeGreaterThan(detector.phi('b:1', 10_000))
    expect(detector.trackedNodes).toEqual(new Set(['a:1', 'b:1']))
  })

  test('holds a node it never heard of to be available', () => {
    const detector = new PhiAccrualFailureDetector()
    expect(detector.phi('a:1', 1e9)).toBe(0)
    expect(detector.isAvailable('a:1', 1e9)).toBe(true)
    expect(detector.isMonitoring('a:1')).toBe(false)
    expect(detector.trackedNodes.size).toBe(0)
  })

  test('forgets a node that is removed', () => {
    const detector = new PhiAccrualFailureDetector()
    detector.heartbeat('a:1', 0)
    detector.remove('a:1')
    expect(detector.isAvailable('a:1', 1e9)).toBe(true)
    expect(detector.trackedNodes.size).toBe(0)
  })

  test('tracks no more than maxPeers, and counts the heartbeats it drops', () => {
    const detector = new PhiAccrualFailureDetector({ maxPeers: 2 })
    const taken = ['a', 'b', 'c', 'd', 'a'].map((node) => detector.heartbeat(node, 0))
    expect(taken).toEqual([true, true, false, false, true])
    expect(detector.droppedHeartbeats).toBe(2)
    detector.remove('a')
    expect(detector.heartbeat('c', 1)).toBe(true)
  })

  test('refuses a wrong option before the first heartbeat', () => {
    expect(() => new PhiAccrualFailureDetector({ threshold: -1 })).toThrow(
      expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION' }),
    )
    expect(() => new PhiAccrualFailureDetector({ maxPeers: 0 })).toThrow(
      expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION' }),
    )
  })
})

describe('a registry of any detector', () => {
  const create = (): DetectorRegistry =>
    new DetectorRegistry(
      () => new DeadlineDetector({ heartbeatIntervalMs: 1_000, acceptablePauseMs: 1_000 }),
    )

  test('credits an own stall to every peer', () => {
    const registry = create()
    registry.heartbeat('a', 0)
    registry.heartbeat('b', 500)
    registry.credit(5_000, 6_000)
    expect(registry.isAvailable('a', 6_000)).toBe(true)
    expect(registry.isAvailable('b', 6_000)).toBe(true)
  })

  test('counts a sign of life of a tracked peer, and starts no track for another', () => {
    const registry = create()
    registry.heartbeat('a', 0)
    registry.touch('a', 1_900)
    registry.touch('b', 1_900)
    expect(registry.suspicion('a', 2_000)).toBeCloseTo(0.05)
    expect([...registry.trackedPeers]).toEqual(['a'])
  })
})
