// The figures of several sizes side by side, for people, and what is wanted of them.
import type { Quantiles } from './quantiles.ts'
import type { PhaseResources, ScaleFigures, ScalePhase, ScaleReport } from './scale-report.ts'
import { lossShares } from './scale-report.ts'

/** One figure that something is wanted of. */
export interface ScaleTarget {
  readonly name: string
  /** The most that is allowed, in the unit of the name. */
  readonly most: number
  readonly of: (report: ScaleReport) => number | undefined
}

/** A figure that is not what is wanted. */
export interface MissedTarget {
  readonly nodes: number
  readonly name: string
  readonly most: number
  readonly found: number
}

/** What is wanted of a cluster of this size. */
export function targetsOf(nodes: number): readonly ScaleTarget[] {
  const lossless = (report: ScaleReport, probability: number): number | undefined =>
    report.loss.find((found) => found.probability === probability)?.subjects
  return [
    {
      name: 'one change known, p99 ms',
      most: nodes <= 100 ? 500 : 1_000,
      of: ({ changes }) => changes?.known.p99Ms,
    },
    { name: 'leader knows, max ms', most: 1_500, of: ({ changes }) => changes?.leaderKnows.maxMs },
    { name: 'idle B/s per node', most: 2_048, of: ({ idle }) => idle?.bytesPerSecondPerNode },
    { name: 'falsely unreachable, no loss', most: 0, of: (report) => lossless(report, 0) },
    { name: 'falsely unreachable, 10 % loss', most: 0, of: (report) => lossless(report, 0.1) },
    { name: 'falsely unreachable, stalls', most: 0, of: ({ stalls }) => stalls?.subjects },
    ...(nodes <= 1_000
      ? [
          {
            name: 'control connections, max',
            most: 12,
            of: (report: ScaleReport) => report.controlConnections.idle,
          },
        ]
      : []),
  ]
}

/** Every figure that is not what is wanted of its size. */
export function missedTargets(reports: readonly ScaleReport[]): readonly MissedTarget[] {
  return reports.flatMap((report) =>
    targetsOf(report.nodes).flatMap(({ name, most, of }) => {
      const found = of(report)
      return found === undefined || found <= most
        ? []
        : [{ nodes: report.nodes, name, most, found }]
    }),
  )
}

/** A table in Markdown: a row per figure, a column per size. */
export function scaleTable(reports: readonly ScaleReport[]): string {
  const header = ['', ...reports.map(({ nodes }) => `${nodes} nodes`)]
  const shown = [...figures.map(([, name, show]) => [name, show] as const), ...resourceFigures]
  const rows = shown.map(([name, show]) => [name, ...reports.map((report) => show(report) ?? '–')])
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(header), rule, ...rows.map(line)].join('\n')
}

/** What a phase found and what it took, in a line. */
export function phaseLine(
  phase: ScalePhase,
  { wallMs, processorMs, virtualMs }: PhaseResources,
  found: ScaleFigures,
): string {
  const told = figures.flatMap(([of, name, show]) => {
    const figure = of === phase ? show(found) : undefined
    return figure === undefined ? [] : [`${name}: ${figure}`]
  })
  const [wall, processor, virtual] = [wallMs, processorMs, virtualMs].map((ms) => seconds(ms))
  const took = `${virtual} s simulated in ${wall} s (${processor} s of processor time)`
  return [`${phase}, ${took}`, ...told].join('; ')
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

const figures: readonly (readonly [
  phase: ScalePhase,
  name: string,
  show: (found: ScaleFigures) => string | undefined,
])[] = [
  ['idle', 'idle, B/s per node', ({ idle }) => text(idle?.bytesPerSecondPerNode)],
  ['idle', 'control connections, max', ({ controlConnections }) => text(controlConnections.idle)],
  [
    'joins',
    'control connections after joins, max',
    ({ controlConnections }) => text(controlConnections.afterJoins),
  ],
  ['changes', 'one change known, p50 / p99 / max ms', ({ changes }) => times(changes?.known)],
  [
    'changes',
    'leader knows that all know, p50 / max ms',
    ({ changes }) => leaderTimes(changes?.leaderKnows),
  ],
  [
    'changes',
    'one leave, until gone everywhere, p99 ms',
    ({ changes }) => text(changes?.gone.p99Ms),
  ],
  ['changes', 'leaves rejected', ({ changes }) => text(changes?.rejected)],
  ['changes', 'per change and node, B', ({ changes }) => text(changes?.bytesPerNodePerChange)],
  [
    'changes',
    'per change and node, writes',
    ({ changes }) => text(changes?.writesPerNodePerChange),
  ],
  [
    'joins',
    'joins at once, all up everywhere, p50 / p99 / max ms',
    ({ joins }) => joins && `${joins.joiners}: ${times(joins.allUp)}${late(joins.unfinished)}`,
  ],
  ['joins', 'joins at once, B per node', ({ joins }) => text(joins?.bytesPerNode)],
  ...lossShares.map(
    ([phase, probability]) =>
      [
        phase,
        `falsely unreachable, ${probability * 100} % loss`,
        ({ loss }: ScaleFigures) => {
          const found = loss.find((one) => one.probability === probability)
          return found && `${found.subjects} in ${found.virtualMs / 1_000} s`
        },
      ] as const,
  ),
  [
    'stalls',
    'falsely unreachable, stalls of 1–3 s',
    ({ stalls }) =>
      stalls && `${stalls.subjects} in ${stalls.virtualMs / 1_000} s, ${stalls.stalls} stalls`,
  ],
  ['stalls', 'B/s per node during stalls', ({ stalls }) => text(stalls?.bytesPerSecondPerNode)],
  [
    'frozen',
    '20 % freeze, survivors agree, p50 / p99 / max ms',
    ({ frozen }) => frozen && `${times(frozen.agreed)}${late(frozen.unfinished)}`,
  ],
  ['frozen', '20 % freeze, survivors accused', ({ frozen }) => text(frozen?.falselyAccused)],
  ['frozen', '20 % freeze, B per node', ({ frozen }) => text(frozen?.bytesPerNode)],
  [
    'aged-changes',
    'one change after all that, known p99 ms',
    ({ agedChanges }) => text(agedChanges?.known.p99Ms),
  ],
  [
    'killed',
    '20 % killed, survivors agree, p50 / p99 / max ms',
    ({ killed }) => killed && `${times(killed.agreed)}${late(killed.unfinished)}`,
  ],
  ['killed', '20 % killed, survivors accused', ({ killed }) => text(killed?.falselyAccused)],
  ['killed', '20 % killed, B per node', ({ killed }) => text(killed?.bytesPerNode)],
]

const resourceFigures: readonly (readonly [
  name: string,
  show: (report: ScaleReport) => string | undefined,
])[] = [
  ['heap per node, MB', ({ resources }) => (resources.heapBytesPerNode / 1e6).toFixed(2)],
  ['resident memory, MB', ({ resources }) => text(Math.round(resources.rssBytes / 1e6))],
  ['wall time, s', ({ resources }) => text(Math.round(resources.wallMs / 1_000))],
]

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}

function times(found: Quantiles | undefined): string | undefined {
  return found && `${found.p50Ms} / ${found.p99Ms} / ${found.maxMs}`
}

function leaderTimes(found: Quantiles | undefined): string | undefined {
  return found && `${found.p50Ms} / ${found.maxMs}`
}

function late(unfinished: number): string {
  return unfinished === 0 ? '' : `, ${unfinished} never`
}
