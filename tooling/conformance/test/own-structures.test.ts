// Cases of a directory of one's own: what the schema of structures names, and the vectors kept here have no case of.
import { expect, test } from 'vitest'
import type { Json, JsonObject } from '../src/json.ts'
import { runFile } from '../src/run.ts'
import { recognize } from '../src/schemas.ts'

type Steps = readonly JsonObject[]

async function outcomeOf(kind: string, opts: JsonObject, steps: Steps, more: JsonObject = {}) {
  const open = ['A', 'B'].map((h) => ({ h, kind, name: 'x', opts }))
  const own = { id: 'own', structure: kind, level: 'beyond', nodes: 3, open, steps, ...more }
  const { cases } = await runFile('own', recognize('ddata-structures.json', { cases: [own] }))
  return cases[0]?.type
}

const call = (h: string, op: string, ...args: Json[]): JsonObject => ({ h, op, args })
const returns = (step: JsonObject, value: Json): JsonObject => ({
  ...step,
  expect: { returns: value },
})
const repeat = (times: number, interleave: Json, more: JsonObject = {}): JsonObject => ({
  fault: 'repeat',
  times,
  interleave,
  collect: 'r',
  ...more,
})
const check = (...parts: Json[]): JsonObject => ({ check: parts })
const lockUse = (h: string): Json => [call(h, 'acquire'), returns(call(h, 'release'), true)]

test.each<[what: string, kind: string, opts: JsonObject, steps: Steps]>([
  [
    'of several processes in turn',
    'counter',
    {},
    [
      repeat(5, [call('A', 'increment'), call('B', 'increment')]),
      check('distinct', 'r'),
      check('count', 'r', 10),
      returns(call('A', 'get'), 10),
    ],
  ],
  [
    'by several handles',
    'counter',
    {},
    [repeat(5, ['A', 'B'], { op: 'increment', args: [2] }), returns(call('A', 'get'), 20)],
  ],
  [
    'by one',
    'counter',
    {},
    [
      { fault: 'repeat', times: 5, collect: 'r', ...call('A', 'increment') },
      check('count', 'r', 5),
    ],
  ],
  [
    'that wait for one another',
    'barrier',
    {},
    [
      repeat(3, [call('A', 'arrive', 2), call('B', 'arrive', 2)]),
      check('distinct', 'r'),
      check('count', 'r', 6),
    ],
  ],
  [
    'of processes with several each',
    'lock',
    {},
    [repeat(3, [lockUse('A'), lockUse('B')]), check('count', 'r', 12), check('free', 'x')],
  ],
  [
    'that give leases, told apart by their tokens',
    'semaphore',
    { permits: 9 },
    [repeat(3, [call('A', 'acquire')]), check('distinct', 'r'), check('count', 'r', 3)],
  ],
])('calls are repeated %s', async (_what, kind, opts, steps) => {
  expect(await outcomeOf(kind, opts, steps)).toBe('passed')
})

test.each<[what: string, steps: Steps]>([
  ['came twice', [repeat(2, [call('A', 'get')]), check('distinct', 'r')]],
  ['are fewer', [repeat(2, [call('A', 'get')]), check('count', 'r', 3)]],
  ['were never collected', [check('count', 'r', 0)]],
  ['are other ones', [repeat(2, [returns(call('A', 'get'), 1)])]],
])('a case fails whose results %s', async (_what, steps) => {
  expect(await outcomeOf('counter', {}, steps)).toBe('failed')
})

test.each(['enqueue', 'reserve', 'take'])('a waiting %s is aborted as a case says', async (op) => {
  const full = op === 'enqueue'
  const waiting = full ? call('A', op, 'y') : { ...call('A', op), opts: { wait: 60_000 } }
  const steps = [
    ...(full ? [{ ...call('B', 'enqueue', 'x'), expect: { any: true } }] : []),
    { ...waiting, start: 'w' },
    { pending: ['w'] },
    { abort: 'w' },
    { await: 'w', expect: { error: 'ABORTED' } },
    returns(call('B', 'size'), full ? 1 : 0),
  ]
  expect(await outcomeOf('queue', { maxSize: 1, onFull: 'wait' }, steps)).toBe('passed')
})

test('structures are kept as a case says: where all copies have to confirm, none is lost unnoticed', async () => {
  const steps = (expect: JsonObject): Steps => [
    returns(call('A', 'increment'), 1),
    { fault: 'failover' },
    { ...call('A', 'increment'), opts: { timeout: 20_000 }, expect },
  ]
  const failure = { errorOneOf: ['TIMEOUT', 'UNAVAILABLE', 'INDETERMINATE'] }
  const run = async (ack: Json, expected: JsonObject) =>
    await outcomeOf('counter', {}, steps(expected), { replication: { copies: 3, ack } })
  expect(await run('majority', { returns: 2 })).toBe('passed')
  expect(await run('all', failure)).toBe('passed')
})

test('what counters tell a watcher is compared, and what a lease holds', async () => {
  const watched = [
    { ...call('B', 'watch'), start: 'w' },
    returns(call('A', 'increment'), 1),
    { await: 'w', expect: { events: [0, 1] } },
  ]
  expect(await outcomeOf('counter', {}, watched)).toBe('passed')
  const held = (permits: number): Steps => [
    { ...call('A', 'acquire', 2), expect: { lease: 'a', match: { permits } } },
  ]
  expect(await outcomeOf('semaphore', { permits: 3 }, held(2))).toBe('passed')
  expect(await outcomeOf('semaphore', { permits: 3 }, held(3))).toBe('failed')
})

test('an entry that is there for a second has a second left', async () => {
  const put = { ...call('A', 'put', 'k', 1), opts: { ttl: 1_000 }, expect: { any: true } }
  const entry = call('B', 'getEntry', 'k')
  const left = (expiresIn: number): Steps => [put, { ...entry, expect: { match: { expiresIn } } }]
  expect(await outcomeOf('map', {}, left(1_000))).toBe('passed')
})
