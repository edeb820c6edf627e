import { expect, test } from 'vitest'
import { describeValue, optionChecks } from '../src/index.ts'

const checks = optionChecks({
  invalid: (option, value, allowed) =>
    new RangeError(`${option} is ${describeValue(value)}; allowed is ${allowed}.`),
  unknown: (of, name, nearest) => new RangeError(`${of} has no ${name}, but ${nearest.join(', ')}`),
})

/** What a user without types may hand in. */
function untyped<T>(value: unknown): T {
  return value as T // The point of these tests is that it may be no T.
}

const clock = { now: () => 0, schedule() {} }
const allowed: readonly (readonly [string, () => unknown, unknown])[] = [
  ['a text', () => checks.text('name', 'a', 1), 'a'],
  ['a text of so many bytes', () => checks.text('name', 'ü', 2), 'ü'],
  ['the least', () => checks.whole('port', 0, 0, 9), 0],
  ['the most', () => checks.whole('port', 9, 0, 9), 9],
  ['a part of a millisecond', () => checks.duration('ms', 0.5), 0.5],
  ['for ever', () => checks.durationOrForever('ms', Infinity), Infinity],
  ['the whole', () => checks.share('share', 1), 1],
  ['false', () => checks.flag('flag', false), false],
  ['one of the names', () => checks.oneOf('order', 'age', ['age', 'address']), 'age'],
  ['an object with these methods', () => checks.capable('clock', clock, ['now'], 'a clock'), clock],
  ['a function with none', () => checks.capable('f', Math.abs, [], 'anything'), Math.abs],
  ['a record', () => checks.record('options', {}), undefined],
  ['options', () => checks.knownNames('start()', { port: 1 }, ['port']), undefined],
  ['nothing under any name', () => checks.knownNames('f()', { x: undefined }, []), undefined],
]

test.each(allowed)('%s is allowed, and given back', (_, check, value) => {
  expect(check()).toBe(value)
})

const ms = 'a number of milliseconds above 0'
const refused: readonly (readonly [string, () => unknown])[] = [
  ['name is ""; allowed is a text of 1 to 9 bytes.', () => checks.text('name', '', 9)],
  ['name is "üü"; allowed is a text of 1 to 3 bytes.', () => checks.text('name', 'üü', 3)],
  ['name is 7; allowed is a text of 1 to 9 bytes.', () => checks.text('name', untyped(7), 9)],
  ['port is 10; allowed is an integer from 0 to 9.', () => checks.whole('port', 10, 0, 9)],
  ['port is 0.5; allowed is an integer from 0 to 9.', () => checks.whole('port', 0.5, 0, 9)],
  [
    'port is "1"; allowed is an integer from 0 to 9.',
    () => checks.whole('port', untyped('1'), 0, 9),
  ],
  [`ms is 0; allowed is ${ms}.`, () => checks.duration('ms', 0)],
  [`ms is NaN; allowed is ${ms}.`, () => checks.duration('ms', NaN)],
  [`ms is Infinity; allowed is ${ms}.`, () => checks.duration('ms', Infinity)],
  [`ms is "1"; allowed is ${ms}.`, () => checks.duration('ms', untyped('1'))],
  [`ms is -1; allowed is ${ms}, or Infinity.`, () => checks.durationOrForever('ms', -1)],
  ['share is 0; allowed is a number above 0 and at most 1.', () => checks.share('share', 0)],
  ['share is 1.1; allowed is a number above 0 and at most 1.', () => checks.share('share', 1.1)],
  ['flag is 1; allowed is true or false.', () => checks.flag('flag', untyped(1))],
  ['order is "x"; allowed is one of a, b.', () => checks.oneOf('order', 'x', ['a', 'b'])],
  [
    'clock is an object; allowed is a clock with now, then.',
    () => checks.capable('clock', clock, ['now', 'then'], 'a clock'),
  ],
  ['x is null; allowed is a clock with now.', () => checks.capable('x', null, ['now'], 'a clock')],
  ['x is a list; allowed is an object of options.', () => checks.record('x', [])],
  [
    'f() is missing; allowed is an object of options.',
    () => checks.knownNames('f()', untyped(undefined), []),
  ],
  ['f() has no prot, but port', () => checks.knownNames('f()', { prot: 1 }, ['host', 'port'])],
]

test.each(refused)('%s', (message, check) => {
  expect(check).toThrow(new RangeError(message))
})
