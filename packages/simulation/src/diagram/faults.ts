// Notes of faults as spans: what was done, to which links, until when.
import type { NoteEvent } from '../world/trace.ts'
import { durationText } from './time-text.ts'
import type { Window } from './diagram-options.ts'
import { isNote } from './changes.ts'

export interface FaultSpan {
  readonly index: number
  readonly at: number
  readonly host: string
  /** Equal for an instant: nothing is known of its end. */
  readonly untilMs: number
  readonly text: string
  /** As noted. */
  readonly details: string
}

interface ReadFault {
  readonly what: string
  readonly target: string | undefined
  readonly forMs: number | undefined
}

/** Faults that began in the window or last into it. Those of one host, instant and sort are one. */
export function faultsIn(
  { trace, hosts, fromMs, end }: Window,
  healedAt: number,
): readonly FaultSpan[] {
  const groups = new Map<string, { readonly index: number; readonly notes: NoteEvent[] }>()
  for (const [index, event] of trace.slice(0, end).entries()) {
    if (!isNote(event, 'fault') || !hosts.includes(event.host)) continue
    const { what, forMs } = readFault(event.text)
    const key = `${event.host} ${event.at} ${what} ${forMs}`
    const group = groups.get(key) ?? { index, notes: [] }
    groups.set(key, group)
    group.notes.push(event)
  }
  return [...groups.values()]
    .map(({ index, notes }) => spanOf(index, notes, healedAt))
    .filter(({ at, untilMs }) => Math.max(at, untilMs) >= fromMs)
}

function spanOf(index: number, notes: readonly NoteEvent[], healedAt: number): FaultSpan {
  const [first] = notes
  if (first === undefined) throw new RangeError('A fault was noted at least once')
  const { what, forMs } = readFault(first.text)
  const targets = notes.flatMap(({ text }) => readFault(text).target ?? [])
  const { at, host } = first
  const end = at + (forMs ?? 0)
  // When the chaos is over, every link is mended.
  const untilMs = targets.length > 0 && at <= healedAt ? Math.min(end, healedAt) : end
  const where = targets.length > 0 ? ` → ${[...new Set(targets)].join(', ')}` : ''
  const duration = forMs === undefined ? '' : ` for ${durationText(forMs)}`
  const details = notes.map(({ text }) => text).join('\n')
  return { index, at, host, untilMs, text: `${what}${where}${duration}`, details }
}

/** `cut reset to b for 7324 ms`, and the like. */
function readFault(text: string): ReadFault {
  const match = /^(.*?)(?: to (\S+))? for (\d+(?:\.\d+)?) ms(.*)$/s.exec(text)
  if (match === null) return { what: roundNumbers(text), target: undefined, forMs: undefined }
  const [, what = '', target, forMs] = match
  return { what: roundNumbers(what.trim()), target, forMs: Number(forMs) }
}

function roundNumbers(text: string): string {
  return text.replaceAll(/\d+\.\d{3,}/g, (digits) => String(Number(Number(digits).toPrecision(2))))
}
