import { expect, test } from 'vitest'
import type { Json, JsonObject } from '../src/json.ts'
import { pairOf, type Outcome } from '../src/structures/expected.ts'

function returned(value: unknown): Outcome {
  return { type: 'returned', value, at: 7 }
}

/** Whether a step that was to come to this holds. */
function holds(wanted: JsonObject, outcome?: Outcome, events: readonly unknown[] = []): boolean {
  const pair = pairOf(wanted, outcome, events, (name, value) => name === value)
  const [expected, actual] = pair.map((one: Json) => JSON.stringify(one))
  return expected === actual
}

test.each([
  { what: 'anything', wanted: { any: true }, outcome: returned(1) },
  { what: 'a value', wanted: { returns: 3 }, outcome: returned(3) },
  {
    what: 'items, each by what is asked of it',
    wanted: { returns: [{ a: 1 }] },
    outcome: returned([{ a: 1, b: 2 }]),
  },
  { what: 'some properties', wanted: { match: { a: 1 } }, outcome: returned({ a: 1, b: 2 }) },
  { what: 'the values of items', wanted: { values: [1, 2] }, outcome: returned([{ value: 1 }, 2]) },
  { what: 'items in any order', wanted: { returnsUnordered: [1, 2] }, outcome: returned([2, 1]) },
  {
    what: 'keys, each once',
    wanted: { contains: ['a', 'b'] },
    outcome: returned([
      ['b', 1],
      ['a', 2],
      ['c', 3],
    ]),
  },
  {
    what: 'keys, of which none comes twice',
    wanted: { contains: ['a'], atMostOnce: true },
    outcome: returned(['a', 'b']),
  },
  {
    what: 'properties that are called otherwise here',
    wanted: { match: { expiresIn: 5 } },
    outcome: returned({ expiresInMs: 5 }),
  },
  {
    what: 'one of several',
    wanted: { oneOf: [{ returns: 1 }, { returns: 2 }] },
    outcome: returned(2),
  },
  { what: 'a lease', wanted: { lease: 'l' }, outcome: returned('l') },
])('a call may be to come to $what', ({ wanted, outcome }) => {
  expect(holds(wanted, outcome)).toBe(true)
})

test.each([
  { what: 'is not settled', wanted: { any: true } },
  { what: 'came to another value', wanted: { returns: 3 }, outcome: returned(4) },
  {
    what: 'came by a key twice',
    wanted: { contains: ['a'] },
    outcome: returned([
      ['a', 1],
      ['a', 2],
    ]),
  },
  {
    what: 'came by another key twice',
    wanted: { contains: ['a'], atMostOnce: true },
    outcome: returned(['a', 'b', 'b']),
  },
  { what: 'came to none of several', wanted: { oneOf: [{ returns: 1 }] }, outcome: returned(2) },
  { what: 'granted no lease', wanted: { lease: 'l' }, outcome: returned(undefined) },
  { what: 'is to do what is not known', wanted: { unheardOf: true }, outcome: returned(1) },
])('a call does not hold that $what', ({ wanted, outcome }) => {
  expect(holds(wanted as JsonObject, outcome)).toBe(false)
})

test('a failure is compared by its code, and by those properties that are asked for', () => {
  const error = Object.assign(new Error('so'), { code: 'CASTY_DDATA_BUSY', field: 'f' })
  const failed: Outcome = { type: 'failed', error, at: 0 }
  expect(holds({ error: 'BUSY', props: { field: 'f' } }, failed)).toBe(true)
  expect(holds({ error: 'BUSY', props: { field: 'g' } }, failed)).toBe(false)
  expect(holds({ errorOneOf: ['OTHER', 'BUSY'] }, failed)).toBe(true)
  expect(holds({ returns: 'BUSY' }, failed)).toBe(false)
})

test('what a watcher saw is compared event by event', () => {
  const seen = [
    { type: 'put', key: 'k', value: 1 },
    { type: 'removed', key: 'k' },
  ]
  expect(holds({ events: [{ type: 'put' }, { key: 'k' }] }, undefined, seen)).toBe(true)
  expect(holds({ events: [{ type: 'put' }] }, undefined, seen)).toBe(false)
})
