import { describe, expect, test } from 'vitest'
import { StallDetector } from '../src/index.ts'

/** A detector that ticked in time until `now`, and is then used. */
function ticking(untilMs = 1_000): StallDetector {
  const detector = new StallDetector()
  for (let now = 0; now <= untilMs; now += 100) detector.tick(now, 1e12 + now)
  return detector
}

describe('a stall detector', () => {
  test('finds nothing in ticks that come in time', () => {
    const detector = new StallDetector()
    for (let now = 0; now < 10_000; now += 100)
      expect(detector.tick(now, 1e12 + now)).toBeUndefined()
    expect(detector.score(10_000)).toBe(0)
    expect(detector.factor(10_000)).toBe(1)
    expect(detector.isDoubtful(10_000)).toBe(false)
  })

  test('forgives a tick that comes up to one interval late', () => {
    const detector = ticking()
    expect(detector.tick(1_200)).toBeUndefined()
    expect(detector.score(1_200)).toBe(0)
  })

  test('tells of a later one, with the time since the last', () => {
    expect(ticking().tick(1_201)).toEqual({ gapMs: 201, cause: 'late-tick' })
    expect(ticking().tick(4_000)).toEqual({ gapMs: 3_000, cause: 'late-tick' })
  })

  test('knows a machine that slept by the wall clock having gone on', () => {
    const detector = ticking()
    expect(detector.tick(1_100, 1e12 + 1_100 + 3_600_000)).toEqual({
      gapMs: 3_600_100,
      cause: 'suspended',
    })
    expect(detector.score(1_100)).toBe(0)
    expect(detector.tick(1_200, 1e12 + 1_200 + 3_600_000)).toBeUndefined()
  })

  test('takes a wall clock that is set back, or a little forward, for what it is', () => {
    expect(ticking().tick(1_100, 0)).toBeUndefined()
    expect(ticking().tick(1_100, 1e12 + 1_100 + 1_999)).toBeUndefined()
  })

  test('does without a wall clock, or with one that comes and goes', () => {
    const detector = new StallDetector()
    expect(detector.tick(0)).toBeUndefined()
    expect(detector.tick(100, 1e12)).toBeUndefined()
    expect(detector.tick(200)).toBeUndefined()
    expect(detector.tick(300, 2e12)).toBeUndefined()
  })

  test.each([
    [210, 1],
    [400, 2],
    [999, 4],
    [1_600, 8],
    [60_000, 8],
  ])('takes a stall of %d ms for %d points', (gapMs, points) => {
    const detector = ticking()
    detector.tick(1_000 + gapMs)
    expect(detector.score(1_000 + gapMs)).toBe(points)
    expect(detector.factor(1_000 + gapMs)).toBe(1 + points)
  })

  test('takes a point off its score with every second without trouble', () => {
    const detector = ticking()
    detector.tick(3_000)
    const scores = [3_000, 3_999, 4_000, 6_000, 10_000, 11_000].map((now) => detector.score(now))
    expect(scores).toEqual([8, 8, 7, 5, 1, 0])
  })

  test('starts to count the second anew with each trouble', () => {
    const detector = ticking()
    detector.tick(2_000)
    detector.doubt(2_900)
    expect(detector.score(2_900)).toBe(6)
    expect(detector.score(3_899)).toBe(6)
    expect(detector.score(3_900)).toBe(5)
  })

  test('is doubtful from half of the score on, until it is nearly well again', () => {
    const detector = ticking()
    for (let count = 0; count < 3; count++) detector.doubt(1_000)
    expect(detector.isDoubtful(1_000)).toBe(false)
    detector.doubt(1_000)
    expect(detector.isDoubtful(1_000)).toBe(true)
    for (let count = 0; count < 100; count++) detector.doubt(1_000)
    expect(detector.score(1_000)).toBe(8)
    expect(detector.isDoubtful(7_000)).toBe(true)
    expect(detector.isDoubtful(8_000)).toBe(false)
    expect(detector.isDoubtful(8_500)).toBe(false)
  })

  test('raises its score to a measured delay, without counting it twice', () => {
    const detector = ticking()
    detector.lagSample(650, 1_000)
    expect(detector.score(1_000)).toBe(3)
    detector.lagSample(650, 2_000)
    expect(detector.score(2_000)).toBe(3)
    detector.lagSample(50, 3_000)
    detector.lagSample(Number.NaN, 3_000)
    expect(detector.score(4_000)).toBe(1)
  })

  test('refuses an interval of 0', () => {
    expect(() => new StallDetector({ intervalMs: 0 })).toThrow(
      expect.objectContaining({ code: 'CASTY_FAILURE_DETECTOR_INVALID_OPTION' }),
    )
  })
})
