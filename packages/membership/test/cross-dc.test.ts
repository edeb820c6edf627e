import { expect, test } from 'vitest'
import { crossDcDefaults, heartbeatIntervalFor } from '@casty/membership'

test.each([
  ['eu', 'eu', {}, 1_000],
  ['eu', 'us', {}, 3_000],
  ['eu', 'eu', { failureDetector: { heartbeatIntervalMs: 500 } }, 500],
  ['eu', 'us', { failureDetector: { heartbeatIntervalMs: 500 } }, 3_000],
  ['eu', 'us', { crossDc: { heartbeatIntervalMs: 7_000 } }, 7_000],
  ['eu', 'us', { crossDc: {} }, 3_000],
  ['eu', 'eu', { crossDc: { heartbeatIntervalMs: 7_000 } }, 1_000],
] as const)(
  'from %s to %s heartbeats go, with %j, every %i ms',
  (own, other, settings, expected) => {
    expect(heartbeatIntervalFor(own, other, settings)).toBe(expected)
  },
)

test('the defaults are those that are documented', () => {
  expect(crossDcDefaults).toEqual({
    heartbeatIntervalMs: 3_000,
    acceptablePauseMs: 10_000,
    connections: 5,
    gossipProbability: 0.2,
  })
})
