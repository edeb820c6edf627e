// The texts that stand in the lanes, each at an event, and how many lines they take.
import type { Life } from './lives.ts'
import { contentText, type Message, type Moment } from './messages.ts'
import type { NoteEvent } from '../world/trace.ts'
import type { Change } from './changes.ts'
import { indexAfter } from './diagram-options.ts'
import type { Layout } from './layout.ts'
import type { Story } from './story.ts'
import { wrap } from './svg.ts'
import { instantText } from './time-text.ts'

export type LabelKind =
  | 'change' // Of a state, brought by a message.
  | 'decision' // A change of state that no message brought.
  | 'sent'
  | 'fault'
  | 'workload'
  | 'process'
  | 'log'
  | 'event'
  | 'standing'
  | 'healing'
  | 'violation'

/** A text at an event. */
export interface Label extends Moment {
  readonly kind: LabelKind
  /** Undefined: across all lanes. */
  readonly lane: number | undefined
  readonly lines: readonly string[]
  /** All of it. */
  readonly details: string
}

const mostLines = { state: 5, standing: 4, note: 2, sent: 2, violation: 6 } as const

export function labelsIn(story: Story, layout: Layout): readonly Label[] {
  const { trace, first, end, hosts } = story.window
  const notes = trace.slice(first, end).flatMap((event, offset) => {
    if (event.type !== 'note') return []
    const lane = hosts.indexOf(event.host)
    if (lane < 0 && event.kind !== 'violation') return []
    return noteLabel(story, layout, event, { index: first + offset, at: event.at, lane })
  })
  const sent = story.messages.flatMap((message) => sentLabel(message, layout))
  return [...standing(story, layout), ...notes, ...sent, ...healing(story), ...ends(story, layout)]
}

interface Spot extends Moment {
  readonly lane: number
}

function noteLabel(
  { changes, faults }: Story,
  layout: Layout,
  note: NoteEvent,
  spot: Spot,
): readonly Label[] {
  const { kind, text, at } = note
  const details = `${instantText(at)} s, ${note.host}: ${text}`
  const make = (of: LabelKind, words: string, most: number = mostLines.note): readonly Label[] => [
    {
      ...spot,
      kind: of,
      lines: wrap(words, kind === 'state' ? layout.boldCharacters : layout.characters, most),
      details,
    },
  ]
  switch (kind) {
    case 'state': {
      const change = changes.all.get(spot.index)
      if (change === undefined || change.parts.length === 0) return []
      return make(
        change.arrivals.length > 0 ? 'change' : 'decision',
        partsText(change),
        mostLines.state,
      )
    }
    case 'fault': {
      const fault = faults.find(({ index }) => index === spot.index)
      // Noted together with another one.
      return fault === undefined ? [] : make('fault', fault.text)
    }
    case 'violation': {
      const lines = wrap(
        `${instantText(at)} s · ${text}`,
        layout.allCharacters,
        mostLines.violation,
      )
      return [{ ...spot, kind, lane: undefined, lines, details }]
    }
    case 'process':
    case 'workload':
    case 'log':
    case 'event':
      return make(kind, text)
  }
}

function partsText({ parts }: Change): string {
  // Each part stays on one line.
  return parts.map((part) => part.replaceAll(' ', '\u00A0')).join(' · ')
}

/** Says at its sender what a message carries that is no routine. */
function sentLabel(
  { sent, from, to, labels, isRoutine, lost }: Message,
  layout: Layout,
): readonly Label[] {
  if (isRoutine || sent === undefined || sent.at < layout.fromMs || sent.index >= layout.end)
    return []
  const words = `→ ${to}: ${contentText(labels)}${lost === undefined || lost.index >= layout.end ? '' : ' ✕\u00A0lost'}`
  const lines = wrap(words, layout.characters, mostLines.sent)
  return [{ ...sent, kind: 'sent', lane: layout.laneOf(from), lines, details: words }]
}

/** How things stand where the picture begins later than the run. */
function standing({ window, changes, faults, lives }: Story, layout: Layout): readonly Label[] {
  const { fromMs, first, hosts } = window
  if (first === 0) return []
  return hosts.flatMap((host, lane) => {
    const spot = { index: first - 0.5, at: fromMs, lane }
    const state = runsAt(lives, host, first)
      ? stateLabel(host, 'at first', changes.before(host, first), layout, spot)
      : []
    const old = faults.filter((fault) => fault.host === host && fault.at < fromMs)
    const going = old.map(({ text, at, details }, number) => ({
      ...spot,
      index: first - 0.4 + number / 1_000,
      kind: 'fault' as const,
      lines: wrap(`${text}, since ${instantText(at)}`, layout.characters, mostLines.note),
      details,
    }))
    return [...state, ...going]
  })
}

/** Where the chaos ends. */
function healing({ result, window }: Story): readonly Label[] {
  const { trace, fromMs, toMs } = window
  const at = result.plan.chaosMs
  if (at <= fromMs || at >= toMs) return []
  const words = `${instantText(at)} s · the chaos is over: every link is mended, and progress is demanded`
  const index = indexAfter(trace, at) - 0.1
  return [{ index, at, kind: 'healing', lane: undefined, lines: [words], details: words }]
}

/** How things stand at the end. */
function ends({ window, changes, lives }: Story, layout: Layout): readonly Label[] {
  const { toMs, end, hosts } = window
  return hosts.flatMap((host, lane) => {
    const spot = { index: end + 0.5, at: toMs, lane }
    return runsAt(lives, host, end)
      ? stateLabel(host, 'at last', changes.before(host, end), layout, spot)
      : []
  })
}

function runsAt(lives: readonly Life[], host: string, index: number): boolean {
  return lives.some(
    (life) =>
      life.host === host &&
      life.start.index < index &&
      (life.end === undefined || life.end.index >= index),
  )
}

function stateLabel(
  host: string,
  when: string,
  change: Change | undefined,
  layout: Layout,
  spot: Spot,
): readonly Label[] {
  if (change === undefined || change.after === '') return []
  const words = change.after.split(' ').map(layout.shorten).join(' ')
  const lines = wrap(`${when}: ${words}`, layout.characters, mostLines.standing)
  return [{ ...spot, kind: 'standing', lines, details: `${host}, ${when}: ${change.after}` }]
}
