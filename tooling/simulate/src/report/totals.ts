// What a set of runs came to, as a table.
import type { LedgerTotals } from '@casty/simulation'

export interface SetOfRuns {
  readonly scenario: string
  readonly totals: LedgerTotals
  readonly missing: readonly string[]
  readonly wallMs: number
}

export function totalsTable({ scenario, totals, missing, wallMs }: SetOfRuns): string {
  const { runs, passed, violated, unknown, virtualMs, events, performed, reached } = totals
  const rows: readonly (readonly [string, string])[] = [
    ['runs', count(runs)],
    ['passed', count(passed)],
    ['violated', count(violated)],
    ['unknown', count(unknown)],
    ['virtual time', duration(virtualMs)],
    ['real time', duration(wallMs)],
    ['events', count(events)],
  ]
  return [
    scenario,
    ...aligned(rows),
    '  actions',
    ...aligned(sorted(performed), '    '),
    '  rare states, in how many runs',
    ...aligned([...sorted(reached), ...missing.map((state) => [state, 'never'] as const)], '    '),
  ].join('\n')
}

function sorted(counts: Readonly<Record<string, number>>): readonly (readonly [string, string])[] {
  return Object.entries(counts)
    .toSorted(([, left], [, right]) => right - left)
    .map(([name, value]) => [name, count(value)] as const)
}

function aligned(
  rows: readonly (readonly [name: string, value: string])[],
  indent = '  ',
): readonly string[] {
  const [names, values] = [0, 1].map((column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map(
    ([name, value]) => `${indent}${name.padEnd(names ?? 0)}  ${value.padStart(values ?? 0)}`,
  )
}

/** The last line of every set of runs. */
export function closingLine(passed: number, failed: number, unknown: number): string {
  return `${passed} passed, ${failed} failed${unknown === 0 ? '' : `, ${unknown} unknown`}`
}

export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `3 h 12 min`, `4 min 5 s`, `12.3 s` */
export function duration(ms: number): string {
  const inSeconds = ms / 1_000
  if (inSeconds < 60) return `${inSeconds.toFixed(1)} s`
  const minutes = Math.floor(inSeconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(inSeconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
