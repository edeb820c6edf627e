import { readFileSync } from 'node:fs'
import { expect, expectTypeOf, test } from 'vitest'
import * as failureDetector from '../src/index.ts'

test('the public surface is what is written here', () => {
  expect(Object.keys(failureDetector).toSorted()).toEqual([
    'DeadlineDetector',
    'DetectorRegistry',
    'FailureDetectorError',
    'HeartbeatHistory',
    'HeartbeatMonitor',
    'HeartbeatSender',
    'HeartbeatSenderState',
    'PhiAccrualDetector',
    'PhiAccrualFailureDetector',
    'StallDetector',
    'heartbeatMonitorDefaults',
    'phi',
    'phiDefaults',
    'registryDefaults',
    'ringOrder',
    'ringPosition',
    'selectReceivers',
    'silenceAtPhi',
    'stallDefaults',
  ])
})

test('the README lists every error code, and no other', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const documented = [
    'CASTY_FAILURE_DETECTOR_INVALID_OPTION',
    'CASTY_FAILURE_DETECTOR_INVALID_VALUE',
  ] as const
  expect(new Set(readme.match(/CASTY_FAILURE_DETECTOR_[A-Z_]+/g))).toEqual(new Set(documented))
  type Documented = (typeof documented)[number]
  expectTypeOf<Documented>().toEqualTypeOf<failureDetector.FailureDetectorErrorCode>()
})
