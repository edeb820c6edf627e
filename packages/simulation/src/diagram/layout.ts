// Where everything stands: lanes from left to right, time from top to bottom.
import { indexAfter } from './diagram-options.ts'
import { labelsIn, type Label } from './labels.ts'
import type { Story } from './story.ts'
import type { Shorten } from './state-changes.ts'
import { TimeAxis, type Knot } from './time-axis.ts'

export const gutterWidth = 92
/** From the left of a lane to the bar of its process; faults stand before it, text behind. */
const barOffset = 38
export const textOffset = 10
export const lineHeight = 12
const characterWidth = 6.1
const boldCharacterWidth = 7
const edge = 12

/** The height of a text that stands across all lanes. */
export function acrossHeight(lines: readonly string[]): number {
  return lines.length * lineHeight + 8
}

/** What texts need to know of the page. */
export interface Layout {
  readonly width: number
  readonly laneWidth: number
  /** Characters of a line in a lane, and across the picture. */
  readonly characters: number
  readonly allCharacters: number
  /** Of a bold line in a lane. */
  readonly boldCharacters: number
  readonly fromMs: number
  readonly end: number
  readonly shorten: Shorten
  laneOf(host: string): number
  /** The middle of the bar of a lane. */
  barOf(lane: number): number
}

export interface Page extends Layout {
  readonly labels: readonly Label[]
  readonly axis: TimeAxis
}

export function layOut(story: Story): Page {
  const layout = measure(story)
  const labels = labelsIn(story, layout)
  const axis = new TimeAxis(
    [...edges(story), ...labels.map(labelKnot), ...bareKnots(story)],
    story.window.hosts.length,
  )
  return { ...layout, labels, axis }
}

function measure({ window: { hosts, fromMs, end }, changes }: Story): Layout {
  const laneWidth = hosts.length <= 3 ? 290 : hosts.length <= 5 ? 240 : 210
  const textWidth = laneWidth - barOffset - textOffset - 4
  const width = gutterWidth + Math.max(2, hosts.length) * laneWidth + edge
  return {
    width,
    laneWidth,
    characters: Math.floor(textWidth / characterWidth),
    boldCharacters: Math.floor(textWidth / boldCharacterWidth),
    allCharacters: Math.floor((width - 3 * edge) / boldCharacterWidth),
    fromMs,
    end,
    shorten: changes.shorten,
    laneOf: (host) => hosts.indexOf(host),
    barOf: (lane) => gutterWidth + lane * laneWidth + barOffset,
  }
}

function labelKnot({ index, at, lane, kind, lines }: Label): Knot {
  const height = lines.length * lineHeight
  switch (kind) {
    case 'sent':
      return { index, at, lane, above: height + 5, below: 3 }
    case 'change':
      return { index, at, lane, above: 3, below: height + 7 }
    case 'healing':
    case 'violation':
      return { index, at, lane, above: 12, below: height + 16 }
    default:
      return { index, at, lane, above: 7, below: height - 1 }
  }
}

/** Top and bottom. */
function edges({ window: { fromMs, toMs, first, end } }: Story): readonly Knot[] {
  const bare = { lane: undefined, above: 0, below: 0 }
  return [
    { index: first - 0.5, at: fromMs, ...bare },
    { index: end + 0.5, at: toMs, ...bare, below: 8 },
  ]
}

/** Events without text that still want a place of their own. */
function bareKnots({ messages, faults, window }: Story): readonly Knot[] {
  const { trace, hosts, first, end, fromMs, toMs } = window
  const bare = { lane: undefined, above: 0, below: 0 }
  const stages = messages
    .filter(({ isRoutine }) => !isRoutine)
    .flatMap(({ sent, arrivals, lost, to }) => [
      ...[sent, lost].flatMap((moment) => (moment === undefined ? [] : [{ ...bare, ...moment }])),
      // So that no text stands on the tip of an arrow.
      ...arrivals.map((moment) => ({ ...moment, lane: hosts.indexOf(to), above: 4, below: 2 })),
    ])
    .filter(({ index }) => index >= first && index < end)
  const faultEnds = faults
    .filter(({ untilMs, at }) => untilMs > Math.max(at, fromMs) && untilMs < toMs)
    .map(({ untilMs }) => ({ ...bare, index: indexAfter(trace, untilMs) - 0.2, at: untilMs }))
  return [...stages, ...faultEnds]
}
