import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeadlineDetector, PhiAccrualDetector, type FailureDetector } from '../src/index.ts'
import { vectors } from './vectors.ts'

/** A detector that has seen `count` heartbeats, one each second, the last at `(count - 1)` s. */
function steady(
  count: number,
  detector: FailureDetector = new PhiAccrualDetector(),
): FailureDetector {
  for (let beat = 0; beat < count; beat++) detector.heartbeat(beat * 1_000)
  return detector
}

describe('a phi accrual detector', () => {
  test('suspects a steady peer after the interval, the pause and a little', () => {
    const detector = steady(50)
    expect(detector.isAvailable(49_000 + 4_400)).toBe(true)
    expect(detector.isAvailable(49_000 + 4_600)).toBe(false)
  })

  test('is more patient while it knows little', () => {
    const detector = steady(1)
    expect(detector.isAvailable(5_200)).toBe(true)
    expect(detector.isAvailable(5_400)).toBe(false)
  })

  test('holds a peer it never heard of to be available, with no suspicion at all', () => {
    const detector = new PhiAccrualDetector()
    expect(detector.isMonitoring).toBe(false)
    expect(detector.suspicion(1e9)).toBe(0)
    expect(detector.isAvailable(1e9)).toBe(true)
    expect(detector.suspectAt()).toBeUndefined()
    expect(detector.silentMs(1e9)).toBeUndefined()
  })

  test('does not learn patience from the end of a suspected period', () => {
    const detector = steady(50)
    const patienceMs = (detector.suspectAt() ?? NaN) - 49_000
    detector.heartbeat(100_000)
    expect(detector.suspectAt()).toBeCloseTo(100_000 + patienceMs)
  })

  test('learns patience with a peer that is slow but not suspect', () => {
    const detector = new PhiAccrualDetector()
    for (let beat = 0; beat < 50; beat++) detector.heartbeat(beat * 3_000)
    expect(detector.isAvailable(49 * 3_000 + 5_500)).toBe(true)
  })

  test('counts any sign of life, without learning an interval from it', () => {
    const detector = steady(50)
    const patienceMs = (detector.suspectAt() ?? NaN) - 49_000
    for (let frame = 0; frame < 1_000; frame++) detector.touch(49_000 + frame)
    expect(detector.silentMs(50_000)).toBe(1)
    expect(detector.suspectAt()).toBeCloseTo(49_999 + patienceMs)
  })

  test('starts to monitor with a first sign of life that is no heartbeat', () => {
    const detector = new PhiAccrualDetector()
    detector.touch(0)
    expect(detector.isMonitoring).toBe(true)
    expect(detector.isAvailable(6_000)).toBe(false)
  })

  test('stretches its patience by a factor', () => {
    const detector = steady(50)
    const patienceMs = (detector.suspectAt() ?? NaN) - 49_000
    expect(detector.suspectAt(3)).toBeCloseTo(49_000 + 3 * patienceMs)
    expect(detector.isAvailable(60_000)).toBe(false)
    expect(detector.isAvailable(60_000, 3)).toBe(true)
    expect(detector.suspicion(60_000, 3)).toBeLessThan(8)
  })

  test('does not count the gap of an own stall', () => {
    const detector = steady(50)
    detector.credit(10_000, 59_500)
    expect(detector.silentMs(59_500)).toBe(500)
    expect(detector.isAvailable(59_500)).toBe(true)
  })

  test('never credits a sign of life that is yet to come', () => {
    const detector = steady(50)
    detector.credit(1e9, 50_000)
    expect(detector.silentMs(50_000)).toBe(0)
    expect(detector.silentMs(50_100)).toBe(100)
  })

  test('takes a time before the last for the last', () => {
    const detector = steady(50)
    detector.heartbeat(1_000)
    expect(detector.silentMs(49_000)).toBe(0)
    expect(detector.silentMs(40_000)).toBe(0)
  })

  test('turns unavailable at the very instant it foretold, and where phi says so', () => {
    const intervals = fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 40 })
    fc.assert(
      fc.property(intervals, fc.constantFrom(1, 2, 9), (all, factor) => {
        const detector = new PhiAccrualDetector()
        let now = 0
        detector.heartbeat(now)
        for (const intervalMs of all) detector.heartbeat((now += intervalMs))
        const suspectAt = detector.suspectAt(factor) ?? NaN
        expect(detector.isAvailable(suspectAt - 0.01, factor)).toBe(true)
        expect(detector.isAvailable(suspectAt, factor)).toBe(false)
        expect(detector.suspicion(suspectAt, factor)).toBeCloseTo(8, 6)
      }),
    )
  })

  test.each([
    ['threshold', 0],
    ['threshold', Number.NaN],
    ['minStdDevMs', 0],
    ['acceptablePauseMs', -1],
    ['firstHeartbeatEstimateMs', Number.POSITIVE_INFINITY],
    ['maxSampleSize', 2.5],
  ])('refuses a %s of %d, and names it', (option, value) => {
    const create = (): FailureDetector => new PhiAccrualDetector({ [option]: value })
    expect(create).toThrow(
      expect.objectContaining({
        code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION',
        message: expect.stringContaining(`Option ${option} is ${value}`),
      }),
    )
  })
})

describe('a deadline detector', () => {
  const create = (): DeadlineDetector =>
    new DeadlineDetector({ heartbeatIntervalMs: 1_000, acceptablePauseMs: 4_000 })

  test('suspects at the interval plus the pause, whatever it has seen', () => {
    const detector = steady(50, create())
    expect(detector.suspectAt()).toBe(49_000 + 5_000)
    expect(detector.suspicion(49_000 + 2_500)).toBe(0.5)
    expect(detector.isAvailable(49_000 + 4_999)).toBe(true)
    expect(detector.isAvailable(49_000 + 5_000)).toBe(false)
  })

  test('stretches, credits and counts signs of life as every detector', () => {
    const detector = steady(1, create())
    expect(detector.suspectAt(2)).toBe(10_000)
    detector.touch(1_000)
    detector.credit(500, 9_000)
    expect(detector.silentMs(9_000)).toBe(7_500)
    expect(detector.suspectAt()).toBe(6_500)
  })

  test('holds a peer it never heard of to be available', () => {
    const detector = create()
    expect([detector.isMonitoring, detector.isAvailable(1e9), detector.suspicion(1e9)]).toEqual([
      false,
      true,
      0,
    ])
  })

  test('refuses an interval of 0', () => {
    expect(() => new DeadlineDetector({ heartbeatIntervalMs: 0, acceptablePauseMs: 0 })).toThrow(
      expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION' }),
    )
  })
})

type Operation =
  | {
      readonly op: 'heartbeat'
      readonly at: number
      readonly repeat?: number
      readonly everyMs?: number
    }
  | { readonly op: 'isAvailable'; readonly at: number; readonly expect: boolean }
  | { readonly op: 'isMonitoring'; readonly expect: boolean }
  | {
      readonly op: 'phi'
      readonly at: number
      readonly expect: {
        readonly approx?: number
        readonly tolerance?: number
        readonly greaterThan?: number
      }
    }

interface Scenario {
  readonly id: string
  readonly detector: 'phi' | 'deadline'
  readonly config: Record<string, number>
  readonly ops: readonly Operation[]
}

function detectorOf({ detector, config }: Scenario): FailureDetector {
  const acceptablePauseMs = config['acceptableHeartbeatPauseMs'] ?? 0
  if (detector === 'deadline') {
    const heartbeatIntervalMs = config['heartbeatIntervalMs'] ?? NaN
    return new DeadlineDetector({ heartbeatIntervalMs, acceptablePauseMs })
  }
  return new PhiAccrualDetector({
    threshold: config['threshold'] ?? 8,
    maxSampleSize: config['maxSampleSize'] ?? 1_000,
    minStdDevMs: config['minStdDeviationMs'] ?? 10,
    acceptablePauseMs,
    firstHeartbeatEstimateMs: config['firstHeartbeatEstimateMs'] ?? 1_000,
  })
}

function perform(detector: FailureDetector, operation: Operation): void {
  switch (operation.op) {
    case 'heartbeat':
      for (let beat = 0; beat < (operation.repeat ?? 1); beat++) {
        detector.heartbeat(operation.at + beat * (operation.everyMs ?? 0))
      }
      return
    case 'isAvailable':
      expect(detector.isAvailable(operation.at)).toBe(operation.expect)
      return
    case 'isMonitoring':
      expect(detector.isMonitoring).toBe(operation.expect)
      return
    case 'phi': {
      const { approx, tolerance, greaterThan } = operation.expect
      const value = detector.suspicion(operation.at)
      if (approx !== undefined) {
        expect(Math.abs(value - approx)).toBeLessThanOrEqual(tolerance ?? 0)
      } else expect(value).toBeGreaterThan(greaterThan ?? NaN)
    }
  }
}

describe('conformance vectors', () => {
  test.each(vectors<Scenario>('failure-detector.json', 'scenarios'))('%s', (_id, scenario) => {
    const detector = detectorOf(scenario)
    expect.hasAssertions()
    for (const operation of scenario.ops) perform(detector, operation)
  })
})
