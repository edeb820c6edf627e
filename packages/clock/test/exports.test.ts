import { readFileSync } from 'node:fs'
import { expect, expectTypeOf, test } from 'vitest'
import * as clock from '../src/index.ts'

test('the public surface is what is written here', () => {
  expect(Object.keys(clock).toSorted()).toEqual([
    'ClockError',
    'ManualClock',
    'StallGrace',
    'VectorClock',
    'seededRandom',
    'systemClock',
    'systemRandom',
    'unguessableRandom',
  ])
})

test('the README lists every error code, and no other', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const documented = ['CASTY_CLOCK_BUSY', 'CASTY_CLOCK_INVALID', 'CASTY_CLOCK_RUNAWAY'] as const
  expect(new Set(readme.match(/CASTY_CLOCK_[A-Z_]+/g))).toEqual(new Set(documented))
  expectTypeOf<(typeof documented)[number]>().toEqualTypeOf<clock.ClockErrorCode>()
})
