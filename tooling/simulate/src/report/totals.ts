// What a set of runs came to, as a table.
import type { HealTotals, LedgerTotals } from '@casty/simulation'

export interface SetOfRuns {
  readonly scenario: string
  readonly totals: LedgerTotals
  readonly missing: readonly string[]
  readonly wallMs: number
}

export function totalsTable({ scenario, totals, missing, wallMs }: SetOfRuns): string {
  const { runs, passed, violated, unknown, virtualMs, events, performed, reached, healing } = totals
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
    ...healingLines(healing),
    '  rare states, in how many runs',
    ...aligned([...sorted(reached), ...missing.map((state) => [state, 'never'] as const)], '    '),
  ].join('\n')
}

/** How long each stage took, and how long it was since the faults had ended: `0.1 / 0.3 / 1.2 s`. */
function healingLines(healing: LedgerTotals['healing']): readonly string[] {
  const stages = Object.entries(healing)
  if (stages.length === 0) return []
  const rows = stages.map(
    ([stage, { tookMs, sinceMs }]: readonly [string, HealTotals]) =>
      [stage, `${spread(tookMs)}, since healing ${spread(sinceMs)}`] as const,
  )
  return ['  stages of healing, p50 / p95 / max', ...aligned(rows, '    ')]
}

function spread(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts)
    .map(([ms, count]) => [Number(ms), count] as const)
    .toSorted(([left], [right]) => left - right)
  const total = sorted.reduce((sum, [, count]) => sum + count, 0)
  const at = (share: number): string => {
    let left = Math.ceil(share * total)
    const found = sorted.find(([, count]) => (left -= count) <= 0)
    return ((found?.[0] ?? 0) / 1_000).toFixed(1)
  }
  return `${[0.5, 0.95, 1].map(at).join(' / ')} s`
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
