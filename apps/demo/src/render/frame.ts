// The live picture: heading, table, story, latest events. A function of the scene alone, cut to what
// the terminal has room for.
import type { Scene, SceneStep, TimelineEntry } from '../scene.ts'
import { seconds } from '../sentences.ts'
import { rowsOf } from './rows.ts'
import { paint, padEnd, padStart, widthOf, type Line } from './style.ts'
import { isNodeLine, tableLines } from './table.ts'

export interface FrameOptions {
  /** Of the terminal. */
  readonly columns: number
  readonly rows: number
  readonly color: boolean
  readonly title: string
  /** Milliseconds since the run began. */
  readonly elapsedMs: number
  /** The node that keys act on; undefined where there are none. */
  readonly selected: string | undefined
  /** What keys there are. */
  readonly help: string | undefined
}

const mostEvents = 6

const legend = 'age 1: the oldest leads · φ: suspicion by those who watch · sent: gossip'
const cutLegend = 'across ╌╌ nothing arrives · decides: when it is settled who goes on, or by whom'

/** Lines of at most `columns`, and one fewer than the terminal has rows, so that it never scrolls. */
export function frameLines(scene: Scene, options: FrameOptions): readonly string[] {
  const { columns, rows, color } = options
  const fixed = [...footer(scene, options)]
  const room = Math.max(3, rows - 1 - fixed.length - 2)
  const table = clipRows(tableLines(rowsOf(scene), columns, options.selected), room)
  const story = storyLines(scene, options.elapsedMs, room - table.length - 1)
  const eventRoom = Math.min(mostEvents, room - table.length - blockHeight(story) - 1)
  const events = eventRoom > 0 ? eventLines(scene.timeline.slice(-eventRoom), eventRoom) : []
  const spare = room - table.length - blockHeight(story) - blockHeight(events)
  const hint: readonly Line[] =
    spare >= 2 ? block([[{ text: `   ${scene.cut ? cutLegend : legend}`, tone: 'quiet' }]]) : []
  const lines = [
    heading(options),
    [],
    ...table,
    ...hint,
    ...block(story),
    ...block(events),
    ...fixed,
  ]
  return lines.map((line) => paint(line, columns, color))
}

function heading({ title, elapsedMs }: FrameOptions): Line {
  return [
    { text: ` ${title}`, tone: 'strong' },
    { text: `   ${seconds(elapsedMs)}`, tone: 'quiet' },
  ]
}

function* footer({ notice }: Scene, { help }: FrameOptions): Iterable<Line> {
  if (help === undefined) return
  yield []
  yield [{ text: ` ${notice ?? ''}`, tone: 'action' }]
  yield [{ text: ` ${help}`, tone: 'quiet' }]
}

/** All steps, or as many around the present one as there is room for. */
function storyLines(scene: Scene, elapsedMs: number, room: number): readonly Line[] {
  const { steps } = scene
  if (steps.length === 0 || room < 1) return []
  const present = steps.findIndex(({ outcome }) => outcome === undefined)
  const last = present < 0 ? steps.length - 1 : present
  const first = Math.max(0, Math.min(last, steps.length - room))
  const width = Math.max(...steps.map(({ title }) => widthOf(title)))
  return steps.slice(first, first + room).map((step) => stepLine(step, width, elapsedMs))
}

function stepLine(step: SceneStep, width: number, elapsedMs: number): Line {
  const title = padEnd(step.title, width)
  const { outcome, startedAtMs, since } = step
  if (outcome?.type === 'done') {
    return [
      { text: ' ✔ ', tone: 'good' },
      { text: `${title}  ${padStart(seconds(outcome.elapsedMs), 7)}` },
      { text: ` after ${since}`, tone: 'quiet' },
    ]
  }
  if (outcome?.type === 'failed')
    return [{ text: ` ✘ ${title}  ${padStart(seconds(outcome.elapsedMs), 7)}`, tone: 'bad' }]
  if (startedAtMs === undefined) return [{ text: `   ${title}`, tone: 'quiet' }]
  const soFar = padStart(seconds(elapsedMs - startedAtMs), 7)
  return [
    { text: ' ▸ ', tone: 'action' },
    { text: title, tone: 'strong' },
    { text: `  ${soFar} …`, tone: 'quiet' },
  ]
}

/** Always `height` lines, so that what is below stays where it is. */
function eventLines(entries: readonly TimelineEntry[], height: number): readonly Line[] {
  const lines = entries.map(({ atMs, text, tone }): Line => [
    { text: ` ${padStart(seconds(atMs), 9)}  `, tone: 'quiet' },
    { text, tone },
  ])
  return [...lines, ...Array.from({ length: height - lines.length }, (): Line => [])]
}

function clipRows(table: readonly Line[], room: number): readonly Line[] {
  if (table.length <= room) return table
  const hidden = table.slice(room - 1).filter(isNodeLine).length
  return [...table.slice(0, room - 1), [{ text: `   … and ${hidden} more`, tone: 'quiet' }]]
}

/** Set off by an empty line. */
function block(lines: readonly Line[]): readonly Line[] {
  return lines.length === 0 ? [] : [[], ...lines]
}

function blockHeight(lines: readonly Line[]): number {
  return block(lines).length
}
