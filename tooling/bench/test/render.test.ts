import { expect, test } from 'vitest'
import { figure, renderTable } from '../src/render.ts'
import { jsonReport } from '../src/report.ts'
import type { Table } from '../src/scenario.ts'

const table: Table = {
  title: 'Speed',
  notes: ['On a quiet machine.'],
  rows: [
    {
      what: 'one-way',
      unit: 'messages/s',
      samples: [700_123, 800_000, 900_000],
      reference: { name: 'raw', samples: [1_000_000, 1_000_000, 1_000_000] },
      wanted: '≥ 0.70',
    },
    { what: 'detection', unit: 'ms', samples: [10, 250, 900], percentile: 99 },
  ],
}

test('a table shows figure, range, reference and ratio', () => {
  const lines = renderTable(table).split('\n')
  expect(lines[0]).toBe('Speed')
  expect(lines[3]?.split(/ {2,}/)).toEqual([
    'one-way',
    '800,000',
    '700,000 – 900,000',
    'messages/s',
    '1,000,000',
    '0.80',
    '≥ 0.70',
  ])
  expect(lines.at(-1)).toBe('  On a quiet machine.')
})

test('a row without a reference shows its own percentile', () => {
  expect(renderTable(table)).toMatch(/detection\s+900\s+10 – 900\s+ms$/m)
})

test('a table names what all of its rows are compared with, or says that they differ', () => {
  const beside = (name: string) => ({
    what: `tell, beside ${name}`,
    unit: 'messages/s',
    samples: [2],
    reference: { name, samples: [1] },
  })
  const headOf = (rows: Table['rows']) =>
    renderTable({ title: 'Speed', rows }).split('\n')[2]?.trim().split(/ +/)
  const head = (reference: string) => ['figure', 'range', 'unit', reference, 'ratio', 'wanted']
  expect(headOf([beside('nact'), beside('nact')])).toEqual(head('nact'))
  expect(headOf([beside('nact'), beside('limit')])).toEqual(head('reference'))
})

test.each([
  [1_234_567, '1,230,000'],
  [12.345, '12.3'],
  [0.012345, '0.012'],
  [Number.NaN, '–'],
])('%d reads %s', (value, text) => {
  expect(figure(value)).toBe(text)
})

test('the JSON document holds every sample, and where they were taken', () => {
  const report: unknown = JSON.parse(jsonReport([{ name: 'speed', repetitions: 3, table }]))
  expect(report).toMatchObject({
    format: 2,
    machine: { node: process.version },
    scenarios: [
      {
        name: 'speed',
        repetitions: 3,
        rows: [{ samples: [700_123, 800_000, 900_000], ratio: 0.8 }, { value: 900 }],
      },
    ],
  })
})
