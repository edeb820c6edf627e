import { shortIncarnation, type Tone } from '../sentences.ts'
import type { Row } from './rows.ts'
import { padEnd, padStart, widthOf, type Line, type Span } from './style.ts'

interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Kept free for what usually comes, so that the table does not jump. */
  readonly minWidth: number
  /** Where the table is too wide, the column with the highest number goes first. */
  readonly dispensable: number
  /** Whether there is anything to show. @defaultValue there always is */
  readonly isWanted?: (rows: readonly Row[]) => boolean
  cell(row: Row): Span
}

const nothing: Span = { text: '–', tone: 'quiet' }

const columns: readonly Column[] = [
  {
    title: 'node',
    align: 'left',
    minWidth: 4,
    dispensable: 0,
    cell: ({ name }) => ({ text: name, tone: 'strong' }),
  },
  { title: 'process', align: 'left', minWidth: 14, dispensable: 3, cell: processCell },
  { title: 'status', align: 'left', minWidth: 11, dispensable: 0, cell: statusCell },
  {
    title: 'age',
    align: 'right',
    minWidth: 3,
    dispensable: 6,
    cell: ({ age }) => (age === undefined ? nothing : { text: String(age) }),
  },
  {
    title: 'incarnation',
    align: 'right',
    minWidth: 11,
    dispensable: 7,
    cell: ({ incarnation }) =>
      incarnation === undefined ? nothing : { text: shortIncarnation(incarnation) },
  },
  { title: 'φ', align: 'right', minWidth: 7, dispensable: 4, cell: phiCell },
  { title: 'seen by', align: 'left', minWidth: 11, dispensable: 1, cell: seenByCell },
  {
    title: 'leader',
    align: 'left',
    minWidth: 6,
    dispensable: 2,
    cell: ({ leader }) => (leader === undefined ? nothing : { text: leader }),
  },
  {
    title: 'decides',
    align: 'left',
    minWidth: 8,
    dispensable: 0,
    isWanted: (rows) => rows.some(({ decision }) => decision !== undefined),
    cell: decidesCell,
  },
  { title: 'converged', align: 'left', minWidth: 9, dispensable: 5, cell: convergedCell },
  { title: 'sent', align: 'right', minWidth: 8, dispensable: 8, cell: sentCell },
]

/**
 * Title and rows, as many columns as fit into `width`, and a line where the network is cut. `selected`
 * names the row to point at.
 */
export function tableLines(
  rows: readonly Row[],
  width: number,
  selected: string | undefined,
): readonly Line[] {
  const { fitting, gap } = fit(rows, width)
  const spacer = ' '.repeat(gap)
  const tableWidth = fitting.reduce((sum, column) => sum + column.width + gap, -gap)
  const line = (cells: readonly Span[], mark: string): Line => [
    { text: ` ${mark} ` },
    ...cells.flatMap((span, index) => (index === 0 ? [span] : [{ text: spacer }, span])),
  ]
  const titles = fitting.map(({ column, width: wide }) =>
    pad({ text: column.title, tone: 'quiet' }, column, wide),
  )
  return [
    line(titles, ' '),
    ...rows.flatMap((row, index) => {
      const cells = fitting.map(({ column, width: wide }) => pad(column.cell(row), column, wide))
      const isSelected = row.name === selected
      const shown = line(isSelected ? mark(cells) : cells, isSelected ? '›' : ' ')
      const isCutOff = row.side !== (rows[index + 1] ?? row).side
      return isCutOff ? [shown, cutLine(tableWidth)] : [shown]
    }),
  ]
}

function cutLine(width: number): Line {
  return [{ text: `   ${'╌'.repeat(width)}`, tone: 'bad' }]
}

/** Whether a line of the table is a node's, and not that of the cut. */
export function isNodeLine(line: Line): boolean {
  return line.length > 1
}

interface Fitting {
  readonly fitting: readonly { readonly column: Column; readonly width: number }[]
  readonly gap: number
}

/** Narrower gaps first, then fewer columns. */
function fit(rows: readonly Row[], width: number): Fitting {
  const wanted = columns.filter(({ isWanted }) => isWanted?.(rows) ?? true)
  const measured = wanted.map((column) => ({
    column,
    width: Math.max(
      column.minWidth,
      widthOf(column.title),
      ...rows.map((row) => widthOf(column.cell(row).text)),
    ),
  }))
  let fitting = measured
  for (;;) {
    for (const gap of [2, 1]) {
      const total = fitting.reduce((sum, column) => sum + column.width + gap, 3 - gap)
      if (total <= width) return { fitting, gap }
    }
    const most = Math.max(...fitting.map(({ column }) => column.dispensable))
    if (most === 0) return { fitting, gap: 1 }
    fitting = fitting.filter(({ column }) => column.dispensable !== most)
  }
}

function pad(span: Span, { align }: Column, width: number): Span {
  const text = align === 'left' ? padEnd(span.text, width) : padStart(span.text, width)
  return { ...span, text }
}

function mark(cells: readonly Span[]): readonly Span[] {
  return cells.map((cell, index) => (index === 0 ? { ...cell, tone: 'selected' } : cell))
}

function processCell({ pid, state }: Row): Span {
  if (state === 'running') return { text: String(pid) }
  const tone = state === 'starting' ? 'changing' : state === 'left' ? 'quiet' : 'bad'
  return { text: `${pid} ${state}`, tone }
}

function statusCell({ statuses, seenBy, watchers }: Row): Span {
  const [status] = statuses
  if (status === undefined) return nothing
  if (statuses.length > 1) return { text: statuses.join('/'), tone: 'changing' }
  // A downed or exiting member is expected to be out of reach.
  const isActive = status !== 'down' && status !== 'exiting'
  if (isActive && seenBy.length === 0 && watchers > 0) return { text: 'unreachable', tone: 'bad' }
  const tones: Partial<Record<typeof status, Tone>> = { up: 'good', down: 'bad', removed: 'bad' }
  return { text: status, tone: tones[status] ?? 'changing' }
}

function phiCell({ phi }: Row): Span {
  if (phi === undefined) return nothing
  if (phi === 'refused') return { text: phi, tone: 'bad' }
  const text = phi >= 100 ? '>99' : phi.toFixed(1)
  if (phi < 1) return { text }
  return { text, tone: phi < 8 ? 'changing' : 'bad' }
}

function seenByCell({ statuses, seenBy, watchers }: Row): Span {
  if (watchers === 0 || statuses.length === 0) return nothing
  if (seenBy.length === watchers) return { text: `all ${watchers}` }
  if (seenBy.length === 0) return { text: 'nobody', tone: 'bad' }
  const list = seenBy.join(' ')
  const isShort = widthOf(list) <= 11
  return { text: isShort ? list : `${seenBy.length} of ${watchers}`, tone: 'changing' }
}

function decidesCell({ decision, leader }: Row): Span {
  switch (decision?.type) {
    case 'own':
      return { text: `in ${(decision.inMs / 1_000).toFixed(1)} s`, tone: 'changing' }
    case 'of-leader':
      return { text: `${leader ?? 'nobody'} does` }
    case 'none':
    case undefined:
      return nothing
  }
}

function convergedCell({ converged }: Row): Span {
  if (converged === undefined) return nothing
  return converged ? { text: 'yes' } : { text: 'no', tone: 'changing' }
}

function sentCell({ sentBytesPerSecond: rate }: Row): Span {
  if (rate === undefined) return nothing
  return { text: rate < 10_000 ? `${Math.round(rate)} B/s` : `${(rate / 1_000).toFixed(1)} kB/s` }
}
