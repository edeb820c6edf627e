import { expect, test } from 'vitest'
import { Gaps } from '../src/session/gaps.ts'

const resendMs = 500

test('a gap is closed once in a while, however often its part says so', () => {
  const gaps = new Gaps()
  const told = (now: number): string => gaps.told(7, true, now, resendMs)
  expect([told(0), told(1), told(499), told(500)]).toEqual(['close', 'wait', 'wait', 'close'])
})

test('the next gap is closed at once', () => {
  const gaps = new Gaps()
  gaps.told(7, true, 0, resendMs)
  expect(gaps.told(8, true, 1, resendMs)).toBe('close')
})

test('a part that asks three times for what it had answered has forgotten it', () => {
  const gaps = new Gaps()
  const told = [0, 500, 1_000].map((now) => gaps.told(7, false, now, resendMs))
  expect(told).toEqual(['close', 'close', 'forgotten'])
})

test.each([
  ['answers in between', (gaps: Gaps) => gaps.answered()],
  ['was told of a call under way', (gaps: Gaps) => void gaps.told(9, true, 700, resendMs)],
  ['has another session', (gaps: Gaps) => gaps.reset()],
])('a part that %s knows what it was told', (_how, happens) => {
  const gaps = new Gaps()
  gaps.told(7, false, 0, resendMs)
  gaps.told(7, false, 500, resendMs)
  happens(gaps)
  expect(gaps.told(7, false, 1_000, resendMs)).toBe('close')
})
