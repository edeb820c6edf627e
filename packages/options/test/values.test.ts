import { expect, test } from 'vitest'
import * as options from '../src/index.ts'
import { defined, describeValue, isCapable, nearestNames } from '../src/index.ts'

test('the public surface is what is written here', () => {
  expect(Object.keys(options).toSorted()).toEqual([
    'defined',
    'describeValue',
    'isCapable',
    'nearestNames',
    'optionChecks',
  ])
})

test.each([
  [undefined, 'missing'],
  ['a "text"', '"a \\"text\\""'],
  ['x'.repeat(101), `"${'x'.repeat(100)}"`],
  [() => 1, 'a function'],
  [null, 'null'],
  [['secret'], 'a list'],
  [{ password: 'secret' }, 'an object'],
  [new Date(0), 'a date'],
  [-0.5, '-0.5'],
  [7n, '7'],
  [false, 'false'],
  [Symbol('s'), 'Symbol(s)'],
])('%s is described without its contents', (value, text) => {
  expect(describeValue(value)).toBe(text)
})

test('of names the nearest come first, whatever their case, and at most three', () => {
  const known = ['host', 'port', 'ports', 'sport', 'sort', 'name']
  expect(nearestNames('PORT', known)).toEqual(['port', 'ports', 'sport'])
  expect(nearestNames('nmae', known)).toEqual(['name'])
})

test('where no name is near all are named, in their order', () => {
  expect(nearestNames('somethingElse', ['host', 'port'])).toEqual(['host', 'port'])
})

test('a name without end is compared by its beginning', () => {
  expect(nearestNames('x'.repeat(1e6), ['port'])).toEqual(['port'])
})

test('set to undefined is left out, so that a default counts', () => {
  const given: { readonly port?: number | undefined; readonly host: string } = {
    host: 'a',
    port: undefined,
  }
  expect({ port: 80, ...defined(given) }).toEqual({ port: 80, host: 'a' })
  expect(Object.keys(defined(given))).toEqual(['host'])
})

test.each([
  ['an object with the method', { now: Math.random }, true],
  ['one that inherits it', Object.create({ now: Math.random }), true],
  ['a property of that name', { now: 0 }, false],
  ['a function', Date, true],
  ['a text', 'now', false],
  ['nothing', undefined, false],
])('whether %s can be asked the time', (_, value, isClock) => {
  expect(isCapable(value, ['now'])).toBe(isClock)
})
