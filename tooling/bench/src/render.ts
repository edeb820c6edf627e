import type { Row, Table } from './scenario.ts'
import { medianRatio, percentile, rangeOf } from './statistics.ts'

/** A table as plain text, readable at any width from 80 columns on. */
export function renderTable(table: Table): string {
  const named = nameOfReferences(table.rows)
  const head = ['', 'figure', 'range', 'unit', ...(named ? [named, 'ratio'] : []), 'wanted']
  const cells = [head, ...table.rows.map((row) => cellsOf(row, named !== undefined))]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = cells.map((row) => alignedLine(row, widths))
  const notes = (table.notes ?? []).map((note) => `  ${note}`)
  return [table.title, '', ...lines, '', ...notes].join('\n').trimEnd()
}

/** What stands above the references: the name of all of them, where they have one. */
function nameOfReferences(rows: readonly Row[]): string | undefined {
  const names = new Set(rows.flatMap(({ reference }) => reference?.name ?? []))
  return names.size > 1 ? 'reference' : [...names][0]
}

function cellsOf(row: Row, compared: boolean): string[] {
  const percent = row.percentile ?? 50
  const reference = row.reference
  const comparison = reference
    ? [
        figure(percentile(reference.samples, percent)),
        medianRatio(row.samples, reference.samples).toFixed(2),
      ]
    : ['', '']
  return [
    row.what,
    figure(percentile(row.samples, percent)),
    rangeOf(row.samples).map(figure).join(' – '),
    row.unit,
    ...(compared ? comparison : []),
    row.wanted ?? '',
  ]
}

/** The first column and the unit read from the left, figures from the right. */
function alignedLine(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 || column === 3 ? cell.padEnd(width) : cell.padStart(width)
    })
    .join('  ')
    .trimEnd()
}

/** Three significant digits, with thousands apart. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const rounded = Number(value.toPrecision(3))
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 3 })
}
