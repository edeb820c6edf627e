import { Ledger, type RunResult, type TraceEvent } from '@casty/simulation'
import { expect, test } from 'vitest'
import { lastEvents } from '../src/report/last-events.ts'
import { totalsTable } from '../src/report/totals.ts'
import { actionInWords } from '../src/report/words.ts'

test.each([
  ['crash', { host: 'b' }, 'crash b'],
  [
    'pause',
    { host: 'b', forMs: 300.25, order: 'timers-first' },
    'pause b, for 300.3 ms, order timers-first',
  ],
  [
    'cut',
    { from: 'a', to: 'b', bothWays: true, mode: 'hold', forMs: 9 },
    'cut a ↔ b, mode hold, for 9 ms',
  ],
  ['cut', { from: 'a', to: 'b', bothWays: false, mode: 'reset' }, 'cut a → b, mode reset'],
  ['partition', { sides: ['2a', '1b', '2c'], oneWay: true }, 'partition b | a c, one way'],
  ['partition', { sides: ['1a', '2b'], oneWay: false }, 'partition a | b'],
])('%s with %j reads "%3$s"', (type, parameters, words) => {
  expect(actionInWords({ at: 1_500, type, parameters })).toBe(`  1.500 s  ${words}`)
})

function write(
  at: number,
  from: string,
  to: string,
  stage: 'sent' | 'arrived' | 'lost',
): TraceEvent {
  return { type: 'write', at, stage, id: at, from, to, bytes: new Uint8Array(20) }
}

test('writes between two notes are summed up by peer', () => {
  const events: readonly TraceEvent[] = [
    { type: 'note', at: 1, host: 'a', kind: 'process', text: 'starts' },
    write(2, 'a', 'c', 'sent'),
    write(3, 'a', 'b', 'sent'),
    write(4, 'b', 'a', 'arrived'),
    write(5, 'a', 'c', 'sent'),
    write(6, 'a', 'c', 'lost'),
    { type: 'note', at: 7, host: 'a', kind: 'state', text: 'a:up' },
  ]
  expect(lastEvents('a', events, 10)).toEqual([
    '  0.001 s  a   process   starts',
    '  0.002 s  a   writes    until 0.006 s: sent 1 to b (20 B), 2 to c (40 B); got 1 from b (20 B); lost 1 to c (20 B)',
    '  0.007 s  a   state     a:up',
  ])
})

test('of many events the last are shown', () => {
  const events = [1, 2, 3].map((at): TraceEvent => ({
    type: 'note',
    at,
    host: 'a',
    kind: 'log',
    text: `line ${at}`,
  }))
  expect(lastEvents('a', events, 2)).toEqual([
    '  0.002 s  a   log       line 2',
    '  0.003 s  a   log       line 3',
  ])
})

test('a table counts what is unknown apart, and names what was never reached', () => {
  const ledger = new Ledger()
  for (const verdict of ['passed', 'unknown', 'violated', 'passed'] as const) {
    ledger.add(resultOf(verdict))
  }
  const set = { scenario: 'chess', totals: ledger.toJSON(), missing: ['a mate'], wallMs: 2_000 }
  const table = totalsTable(set)
  expect(table.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual(
    expect.arrayContaining([
      ['chess'],
      ['runs', '4'],
      ['passed', '2'],
      ['violated', '1'],
      ['unknown', '1'],
      ['virtual time', '4 min 0 s'],
      ['real time', '2.0 s'],
      ['crash', '12'],
      ['all shake hands', '0.3 / 0.3 / 0.3 s, since healing 1.2 / 1.2 / 1.2 s'],
      ['a check', '4'],
      ['a mate', 'never'],
    ]),
  )
})

function resultOf(verdict: RunResult['verdict']): RunResult {
  return {
    plan: { scenario: 'chess', seed: 1, hosts: [], settings: {}, chaosMs: 0, off: [], actions: [] },
    verdict,
    violations: [],
    unknown: [],
    traceHash: '',
    events: 10,
    virtualMs: 60_000,
    reached: new Map([['a check', 2]]),
    performed: new Map([['crash', 3]]),
    diskFaults: {},
    healing: [{ stage: 'all shake hands', tookMs: 250, sinceMs: 1_200 }],
    lastEvents: new Map(),
    trace: undefined,
  }
}
